"""The SSIM map and loss against pytorch-msssim, and the map's two borders."""

from __future__ import annotations

import pytest
import torch
from mia_recon.losses.ssim import (
    dissimilarity_map,
    multi_scale_dissimilarity,
    structural_dissimilarity,
)
from pytorch_msssim import ms_ssim, ssim


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


def both_losses(shape):
    """Loss and gradient of our form and of pytorch-msssim, in float64."""
    generator = torch.Generator().manual_seed(1)
    x, drawn = torch.rand(2, *shape, generator=generator, dtype=torch.float64) * 2.4 - 1.2
    for loss in (
        lambda a, b: structural_dissimilarity(a, b).mean(),
        lambda a, b: 1 - ssim((a + 1) / 2, ((b + 1) / 2).clamp(0, 1), data_range=1.0),
    ):
        reconstruction = drawn.clone().requires_grad_()
        value = loss(x.clamp(-1, 1), reconstruction)
        yield value, *torch.autograd.grad(value, reconstruction)


@pytest.mark.parametrize("shape", [(4, 1, 64, 64), (2, 3, 32, 48), (2, 1, 12, 12)])
def test_loss_and_gradient_are_those_of_pytorch_msssim(shape):
    (loss, gradient), (expected, expected_gradient) = both_losses(shape)
    # The window of pytorch-msssim is float32 even here.
    torch.testing.assert_close(loss, expected, rtol=1e-6, atol=0)
    scale = float(expected_gradient.abs().max())
    torch.testing.assert_close(gradient, expected_gradient, rtol=0, atol=1e-6 * scale)


def test_over_several_scales_it_is_that_of_pytorch_msssim():
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(2, 1, 176, 176, generator=generator) * 2 - 1
    near = x + 0.1 * torch.randn(x.shape, generator=generator)
    expected = 1 - ms_ssim((x + 1) / 2, ((near + 1) / 2).clamp(0, 1), data_range=1.0)
    torch.testing.assert_close(multi_scale_dissimilarity(x, near), expected)
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(multi_scale_dissimilarity(x, near), expected)


def test_a_padded_map_keeps_every_value_in_its_place(pair):
    inner = structural_dissimilarity(*pair)
    padded = dissimilarity_map(*pair, "pad")
    assert padded.shape == pair[0].shape
    assert torch.equal(padded[..., 5:-5, 5:-5], inner)
    assert torch.equal(padded[..., 0, 5:-5], inner[..., 0, :])
    assert torch.equal(padded[..., 5:-5, -1], inner[..., -1])


def test_a_stretched_map_moves_what_is_off_the_center_outward():
    image = torch.zeros(1, 1, 64, 64)
    changed = image.clone()
    changed[..., 46:50, 14:18] = 1  # centered at 47.5 and 15.5
    centers = {}
    for border in ("stretch", "pad"):
        weight = dissimilarity_map(image, changed, border)[0, 0].double()
        places = torch.arange(64, dtype=torch.float64)
        center = (weight.sum(1) @ places, weight.sum(0) @ places)
        centers[border] = torch.stack(center) / weight.sum()
    expected = torch.tensor([47.5, 15.5], dtype=torch.float64)
    torch.testing.assert_close(centers["pad"], expected, rtol=0, atol=0.05)
    # From the center, 31.5, everything is 64 / 54 times as far.
    torch.testing.assert_close(
        centers["stretch"], 31.5 + (expected - 31.5) * 64 / 54, rtol=0, atol=0.05
    )


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
