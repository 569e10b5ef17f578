"""Color jitter against torchvision, on floats and with Pillow."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torchvision.transforms.v2.functional as tv
from mia_ssl.pasting.boxes import Boxes
from mia_ssl.pasting.paste_regions import Regions
from mia_ssl.two_stage.color_jitter import JitterFactors, jitter_images, jitter_patches, turn_hue
from PIL import Image


@pytest.fixture
def factors():
    u = torch.rand(8, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    return JitterFactors.draw(u, 0.1)


def patches_of(sizes):
    """Patches of so many pixels, a row each."""
    zeros = torch.zeros(len(sizes), dtype=torch.int64)
    return Regions(zeros, Boxes(zeros, zeros, zeros + 1, torch.tensor(sizes)))


def steps_of(turns):
    """Steps of a hue's turn: a number, or int16 [n]."""
    if isinstance(turns, float):
        return round(turns * 768) % 768
    return (turns * 768).round().to(torch.int16) % 768


def changed_by_torchvision(image, factors, i):
    image = tv.adjust_brightness(image, factors.brightness[i].item())
    image = tv.adjust_contrast(image, factors.contrast[i].item())
    image = tv.adjust_saturation(image, factors.saturation[i].item())
    return tv.adjust_hue(image, factors.hue[i].item())


def test_factors_lie_within_the_strength():
    u = torch.tensor([[0.0] * 4, [1.0] * 4], dtype=torch.float64)
    drawn = torch.stack(tuple(JitterFactors.draw(u, 0.1)))
    np.testing.assert_allclose(drawn[:, 0], [0.9, 0.9, 0.9, -0.1], rtol=1e-6)
    np.testing.assert_allclose(drawn[:, 1], [1.1, 1.1, 1.1, 0.1], rtol=1e-6)


def test_patches_of_different_sizes_each_as_torchvision_does_one(colors, factors):
    patches = [image[:, : 20 + 7 * i, : 60 - 5 * i] for i, image in enumerate(colors())]
    sizes = [patch[0].numel() for patch in patches]
    pixels = torch.cat([patch.reshape(3, -1) for patch in patches], 1)
    result = jitter_patches(pixels, factors, patches_of(sizes))
    for i, (patch, ours) in enumerate(zip(patches, result.split(sizes, 1), strict=True)):
        theirs = changed_by_torchvision(patch / 255, factors, i) * 255
        apart = (ours.view_as(theirs) - theirs).abs()
        assert apart.max() < 2.5  # whole levels before the hue and after it, and steps of hues
        assert apart.mean() < 0.4


@pytest.mark.parametrize("channels", [1, 3])
def test_image_is_jittered_as_one_large_patch(channels, colors, factors):
    images = colors(8, 64)[:, :channels].contiguous()
    images[2:4] = images[2:4, :1]  # gray ones among them
    out = torch.empty_like(images)
    jitter_images(images, factors, out=out)
    pixels = images.transpose(0, 1).flatten(1)
    patches = jitter_patches(pixels, factors, patches_of([64 * 64] * 8))
    apart = (out.transpose(0, 1).flatten(1).int() - patches.int()).abs()
    assert apart.max() <= 2  # a level that is rounded the other way, and its hue
    assert (apart > 0).float().mean() < 1e-3
    gray = out[2:4]
    assert torch.equal(gray, gray[:, :1].expand_as(gray))


def test_image_does_not_depend_on_the_others_of_its_batch(colors, factors):
    images = colors(8, 64)
    images[::2] = images[::2, :1]
    together, alone = torch.empty_like(images), torch.empty_like(images)
    jitter_images(images, factors, out=together)
    for i in range(8):
        one = JitterFactors(*(f[i : i + 1] for f in factors))
        jitter_images(images[i : i + 1], one, out=alone[i : i + 1])
    assert torch.equal(together, alone)


# Pillow cuts hues off to 1/256 turn when it reads them, and their turn to 1/255 by torchvision: two
# steps of at most 6/255 of the chroma, 255 at most. Saturation, contrast and brightness scale them
# by up to 1.1 each, and each of the five roundings is of one level or less, scaled alike.
PILLOW_APART = (2 * 6 + 5) * 1.1**3


@pytest.mark.parametrize("seed", range(6))
def test_close_to_pillow_in_any_order(colors, seed):
    u = torch.rand(1, 4, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    first = JitterFactors.draw(u, 0.1)
    patch = colors()[0]
    image = Image.fromarray(patch.movedim(0, 2).numpy())
    ours = jitter_patches(patch.reshape(3, -1), first, patches_of([224 * 224])).float()
    image = tv.adjust_hue(image, first.hue[0].item())
    image = tv.adjust_saturation(image, first.saturation[0].item())
    image = tv.adjust_contrast(image, first.contrast[0].item())
    image = tv.adjust_brightness(image, first.brightness[0].item())
    difference = np.abs(ours.view(3, 224, 224).movedim(0, 2).numpy() - np.asarray(image))
    assert difference.mean() < 2
    assert difference.max() < PILLOW_APART


@pytest.mark.parametrize("turns", [-0.5, -0.1, 0.0, 0.07, 0.5])
def test_hue_of_corner_colors(turns):
    levels = torch.tensor([0, 100, 255], dtype=torch.int16)
    pixels = torch.cartesian_prod(levels, levels, levels).T.contiguous()
    oracle = tv.adjust_hue(pixels[:, None] / 255, turns)[:, 0] * 255
    turn_hue(pixels, steps_of(turns), lambda steps: steps, pixels.new_empty(6, 27))
    np.testing.assert_allclose(pixels, oracle, atol=1.5)  # a step of hues is up to two levels


def test_every_hue_turned_by_any_angle_is_torchvisions():
    """Turned by nothing, by whole sixths and between them, either way."""
    turns = torch.linspace(-0.5, 0.5, 61)
    rng = np.random.default_rng(0)
    pixels = torch.from_numpy(rng.integers(0, 256, (3, 61 * 500)).astype(np.int16))
    oracle = [
        tv.adjust_hue(part[:, None] / 255, float(turn))[:, 0] * 255
        for part, turn in zip(pixels.split(500, 1), turns, strict=True)
    ]
    before = pixels.clone()
    turn_hue(pixels, steps_of(turns), patches_of([500] * 61).spread, pixels.new_empty(6, 61 * 500))
    apart = (pixels - torch.cat(oracle, 1)).abs()
    assert apart.max() < 2
    assert apart.mean() < 0.3
    assert torch.equal(pixels.amax(0), before.amax(0))
    assert torch.equal(pixels.amin(0), before.amin(0))


def test_gray_is_the_same_in_one_channel_as_in_three(colors, factors):
    gray = colors()[:, :1, :30, :30].reshape(8, -1).flatten()[None]
    one, three = (
        jitter_patches(x, factors, patches_of([900] * 8)) for x in (gray, gray.repeat(3, 1))
    )
    # Weights of red, green and blue that sum to one up to rounding may round a level the other way.
    assert (three != one).float().mean() < 1e-3
    np.testing.assert_allclose(three.float(), one.expand(3, -1).float(), atol=1)


def test_a_patch_is_jittered_alike_alone_and_among_others(colors, factors):
    """Gray ones among colored ones, all gray, all colored."""
    patches = [image[:, :30, :40].reshape(3, -1) for image in colors()]
    for number in (1, 4, 5):
        patches[number] = patches[number][:1].repeat(3, 1)
    for chosen in (range(8), (1, 4, 5), (0, 2, 3, 6, 7)):
        some = JitterFactors(*(f[list(chosen)] for f in factors))
        pixels = torch.cat([patches[number] for number in chosen], 1)
        together = jitter_patches(pixels, some, patches_of([1200] * len(chosen)))
        for number, ours in zip(chosen, together.split(1200, 1), strict=True):
            one = JitterFactors(*(f[number : number + 1] for f in factors))
            alone = jitter_patches(patches[number], one, patches_of([1200]))
            assert torch.equal(ours, alone)
            assert torch.equal(ours[0], ours[1]) == (number in (1, 4, 5))


def test_values_are_cut_off_at_the_ends_of_the_range():
    extreme = JitterFactors(*(torch.tensor([v]) for v in (1.5, 1.5, 1.5, 0.3)))
    pixels = torch.tensor([[0, 255, 255], [255, 250, 0], [0, 10, 128]], dtype=torch.uint8)
    result = jitter_patches(pixels, extreme, patches_of([3]))
    assert result.amax(0).tolist() == [255, 255, 255]
    assert result.amin(0).tolist() == [0, 0, 0]
