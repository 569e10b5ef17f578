"""Pasted rectangles against the rules of the paper and a per-image paste with Pillow."""

from __future__ import annotations

import mia_ssl
import numpy as np
import pytest
import torch
import torchvision.transforms.v2.functional as tv
from mia_ssl._engine.seeding import generator
from mia_ssl.two_stage.methods import cutpaste
from PIL import Image

NAME = "cutpaste-2stage"


def boxes_of(label):
    """Top, left, height and width of each label's rectangle; asserts that it is one."""
    boxes = []
    for mask in label[:, 0].bool():
        rows, columns = mask.any(1).nonzero(), mask.any(0).nonzero()
        top, left = rows.min().item(), columns.min().item()
        h, w = rows.max().item() + 1 - top, columns.max().item() + 1 - left
        assert mask.sum() == h * w
        boxes.append((top, left, h, w))
    return np.array(boxes)


def test_areas_aspects_and_positions(coordinates):
    _, label = mia_ssl.synthesize(NAME, coordinates(400)[:, :1], seed=0)
    top, left, h, w = boxes_of(label).T
    area, aspect = h * w / 224**2, w / h
    assert area.min() > 0.019
    assert area.max() < 0.151
    assert area.mean() == pytest.approx((0.02 + 0.15) / 2, abs=0.005)
    assert aspect.min() > 0.28
    assert aspect.max() < 3.6
    assert np.log(aspect).mean() == pytest.approx(0, abs=0.1)
    # Uniform over what fits: the share of the free way has mean 1/2.
    assert (top / (224 - h)).mean() == pytest.approx(0.5, abs=0.05)
    assert (left / (224 - w)).mean() == pytest.approx(0.5, abs=0.05)


def test_without_jitter_a_crop_of_the_same_image_from_elsewhere(coordinates):
    images = coordinates()
    pasted, label = mia_ssl.synthesize(NAME, images, seed=1, jitter=0)
    for i, (top, left, h, w) in enumerate(boxes_of(label)):
        patch = pasted[i, :, top : top + h, left : left + w]
        y, x = patch[:2, 0, 0].tolist()  # the pixels tell where they come from
        assert torch.equal(patch, images[i, :, y : y + h, x : x + w])
        outside = label[i] == 0
        assert torch.equal(
            pasted[i][outside.expand(3, -1, -1)], images[i][outside.expand(3, -1, -1)]
        )


def test_sources_are_where_patches_come_from(coordinates):
    images = coordinates()
    pasted, label = mia_ssl.synthesize(NAME, images, seed=1, jitter=0, sources=images.flip(0))
    blue = pasted[:, 2:][label > 0]
    expected = images.flip(0)[:, 2:][label > 0]
    assert torch.equal(blue, expected)


def test_agrees_with_pillow(colors):
    images = colors(6)
    u = torch.rand(
        6, cutpaste.RECTANGLE_PASTE.random_numbers, generator=generator(4, 0), dtype=torch.float64
    )
    source, target, factors = cutpaste.draw(u, 224, 224, cutpaste.CutPasteOptions())
    pasted, _ = mia_ssl.synthesize(NAME, images, seed=4)
    for i, image in enumerate(images):
        whole = Image.fromarray(image.movedim(0, 2).numpy())
        top, left, h, w = (int(v[i]) for v in vars(source).values())
        patch = whole.crop((left, top, left + w, top + h))
        patch = tv.adjust_brightness(patch, factors.brightness[i].item())
        patch = tv.adjust_contrast(patch, factors.contrast[i].item())
        patch = tv.adjust_saturation(patch, factors.saturation[i].item())
        patch = tv.adjust_hue(patch, factors.hue[i].item())
        whole.paste(patch, (int(target.left[i]), int(target.top[i])))
        difference = np.abs(pasted[i].movedim(0, 2).numpy().astype(int) - np.asarray(whole))
        assert difference.max() <= 8
        assert difference.mean() < 0.3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"area": (0.2, 0.1)}, r"area to be two numbers .* got \(0.2, 0.1\)"),
        ({"aspect": (0, 2)}, "aspect to be two numbers"),
        ({"area": 0.1}, "area to be two numbers"),
        ({"jitter": 0.7}, "jitter to be in 0 to 0.5, got 0.7"),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        cutpaste.CutPasteOptions(**options)
