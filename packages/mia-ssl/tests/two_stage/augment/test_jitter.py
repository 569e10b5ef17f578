"""Color jitter against torchvision, on floats and with Pillow."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torchvision.transforms.v2.functional as tv
from mia_ssl.boxes import Boxes
from mia_ssl.regions import Regions
from mia_ssl.two_stage.augment.jitter import Factors, jitter, turn_hue
from PIL import Image


@pytest.fixture
def factors():
    u = torch.rand(8, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    return Factors.draw(u, 0.1)


def patches_of(sizes):
    """Patches of so many pixels, a row each."""
    zeros = torch.zeros(len(sizes), dtype=torch.int64)
    return Regions(zeros, Boxes(zeros, zeros, zeros + 1, torch.tensor(sizes)))


def changed_by_torchvision(image, factors, i):
    image = tv.adjust_brightness(image, factors.brightness[i].item())
    image = tv.adjust_contrast(image, factors.contrast[i].item())
    image = tv.adjust_saturation(image, factors.saturation[i].item())
    return tv.adjust_hue(image, factors.hue[i].item())


def test_factors_lie_within_the_strength():
    u = torch.tensor([[0.0] * 4, [1.0] * 4], dtype=torch.float64)
    drawn = torch.stack(tuple(Factors.draw(u, 0.1)))
    np.testing.assert_allclose(drawn[:, 0], [0.9, 0.9, 0.9, -0.1], rtol=1e-6)
    np.testing.assert_allclose(drawn[:, 1], [1.1, 1.1, 1.1, 0.1], rtol=1e-6)


def test_patches_of_different_sizes_each_as_torchvision_does_one(colors, factors):
    patches = [image[:, : 20 + 7 * i, : 60 - 5 * i] for i, image in enumerate(colors())]
    sizes = [patch[0].numel() for patch in patches]
    pixels = torch.cat([patch.reshape(3, -1) for patch in patches], 1).float()
    jitter(pixels, factors, patches_of(sizes))
    for i, (patch, ours) in enumerate(zip(patches, pixels.split(sizes, 1), strict=True)):
        theirs = changed_by_torchvision(patch / 255, factors, i) * 255
        np.testing.assert_allclose(
            ours.view_as(theirs), theirs, atol=0.02
        )  # its gray has three decimals


def test_close_to_pillow_in_any_order(colors, factors):
    patch = colors()[0]
    image = Image.fromarray(patch.movedim(0, 2).numpy())
    ours = patch.reshape(3, -1).float()
    jitter(ours, Factors(*(f[:1] for f in factors)), patches_of([224 * 224]))
    image = tv.adjust_hue(image, factors.hue[0].item())
    image = tv.adjust_saturation(image, factors.saturation[0].item())
    image = tv.adjust_contrast(image, factors.contrast[0].item())
    image = tv.adjust_brightness(image, factors.brightness[0].item())
    difference = np.abs(ours.view(3, 224, 224).movedim(0, 2).numpy() - np.asarray(image))
    assert difference.mean() < 2  # Pillow rounds after every change, and its hues are 8 bits
    assert difference.max() < 8


@pytest.mark.parametrize("turns", [-0.5, -0.1, 0.0, 0.07, 0.5])
def test_hue_of_corner_colors(turns):
    levels = torch.tensor([0.0, 100.0, 255.0])
    pixels = torch.cartesian_prod(levels, levels, levels).T.contiguous()
    oracle = tv.adjust_hue(pixels[:, None] / 255, turns)[:, 0] * 255
    turn_hue(pixels, torch.full((pixels.shape[1],), turns % 1))
    np.testing.assert_allclose(pixels, oracle, atol=1e-3)


def test_gray_is_the_same_in_one_channel_as_in_three(colors, factors):
    gray = colors()[:, :1, :30, :30].reshape(8, -1).float().flatten()[None]
    one, three = gray.clone(), gray.repeat(3, 1)
    for pixels in (one, three):
        jitter(pixels, factors, patches_of([900] * 8))
    np.testing.assert_allclose(three, one.expand(3, -1), atol=1e-3)


def test_values_stay_within_the_range():
    extreme = Factors(*(torch.tensor([v]) for v in (1.5, 1.5, 1.5, 0.3)))
    pixels = torch.tensor([[0.0, 255.0, 255.0], [255.0, 250.0, 0.0], [0.0, 10.0, 128.0]])
    jitter(pixels, extreme, patches_of([3]))
    assert pixels.min() >= 0
    assert pixels.max() <= 255
