"""The SSIM map against pytorch-msssim and scikit-image's definition."""

from __future__ import annotations

import pytest
import torch
from mia_recon.losses.ssim import dissimilarity_map, structural_dissimilarity
from pytorch_msssim import ssim


@pytest.fixture
def pair():
    generator = torch.Generator().manual_seed(0)
    a = torch.rand(3, 2, 24, 30, generator=generator) * 2 - 1
    return a, a + 0.3 * torch.randn(a.shape, generator=generator)


def test_the_mean_is_that_of_an_independent_implementation(pair):
    a, b = ((image + 1) / 2 for image in pair)
    expected = 1 - ssim(a, b.clamp(0, 1), data_range=1.0, size_average=False)
    got = structural_dissimilarity(*pair).mean((1, 2, 3))
    torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-5)


def test_equal_images_differ_nowhere_and_the_map_has_the_input_s_size(pair):
    image, other = pair
    assert dissimilarity_map(image, image).abs().max() < 1e-5
    assert dissimilarity_map(image, other).shape == image.shape


def test_the_size_of_the_map_is_known_without_computing_it():
    shapes = torch.empty(2, 1, 24, 30, device="meta")
    assert dissimilarity_map(shapes, shapes).shape == shapes.shape


def test_a_change_shows_in_the_map_where_it_is():
    image = torch.zeros(1, 1, 64, 64)
    changed = image.clone()
    changed[..., 40:44, 20:24] = 1
    peak = divmod(int(dissimilarity_map(image, changed).argmax()), 64)
    assert abs(peak[0] - 41.5) < 8
    assert abs(peak[1] - 21.5) < 8
