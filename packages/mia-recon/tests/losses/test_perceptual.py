"""The relative difference by its definition."""

from __future__ import annotations

import torch
from mia_recon.losses.perceptual import relative_difference


def test_the_difference_is_relative_to_each_image_alone():
    generator = torch.Generator().manual_seed(0)
    a, b = torch.randn(2, 3, 6, 4, 5, generator=generator)
    got = relative_difference(a, b)
    for image in range(3):
        expected = (a[image] - b[image]).abs().mean(0) / a[image].abs().mean()
        torch.testing.assert_close(got[image, 0], expected)
    torch.testing.assert_close(relative_difference(10 * a, 10 * b), got)
