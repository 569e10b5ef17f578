"""The relative difference by its definition."""

from __future__ import annotations

import pytest
import torch
from mia_recon.losses.perceptual import relative_difference, unit_distance


def test_the_difference_is_relative_to_each_image_alone():
    generator = torch.Generator().manual_seed(0)
    a, b = torch.randn(2, 3, 6, 4, 5, generator=generator)
    got = relative_difference(a, b)
    for image in range(3):
        expected = (a[image] - b[image]).abs().mean(0) / a[image].abs().mean()
        torch.testing.assert_close(got[image, 0], expected)
    torch.testing.assert_close(relative_difference(10 * a, 10 * b), got)


def test_unit_vectors_are_compared_place_by_place():
    a, b = torch.randn(2, 2, 5, 3, 4, generator=torch.Generator().manual_seed(0))
    a[0, :, 1, 1] = 0  # a place without features
    got = unit_distance(a, b)
    assert got.shape == (2, 1, 3, 4)
    for place in ((0, 0, 0), (1, 2, 3), (0, 2, 1)):
        u, v = (features[place[0], :, place[1], place[2]].double() for features in (a, b))
        expected = sum((p / u.norm() - q / v.norm()) ** 2 for p, q in zip(u, v, strict=True))
        assert float(got[place[0], 0, place[1], place[2]]) == pytest.approx(float(expected))
    assert float(got[0, 0, 1, 1]) == pytest.approx(1)
    torch.testing.assert_close(unit_distance(b, -3 * b), torch.full((2, 1, 3, 4), 4.0))
