"""Pasted scars against Pillow's rotation and the rules of the paper."""

from __future__ import annotations

import mia_ssl
import numpy as np
import pytest
import torch
from mia_ssl._engine.seeding import generator
from mia_ssl.two_stage.methods import scar
from PIL import Image

NAME = "cutpaste-scar-2stage"


def drawn(count, seed, size=224, **options):
    chosen = scar.ScarOptions(**options)
    u = torch.rand(
        count, scar.SCAR_PASTE.random_numbers, generator=generator(seed, 0), dtype=torch.float64
    )
    return scar.draw(u, size, size, chosen)


def test_sizes_angles_and_positions():
    scars = drawn(2000, 0)
    h, w, angle = scars.source.height, scars.source.width, torch.rad2deg(scars.angle)
    assert (w.min(), w.max(), h.min(), h.max()) == (2, 16, 10, 25)
    assert -45 <= angle.min() < -44
    assert 44 < angle.max() <= 45
    for box in (scars.source, scars.target):
        assert box.top.min() >= 0
        assert box.left.min() >= 0
        assert (box.top + box.height).max() <= 224
        assert (box.left + box.width).max() <= 224


def test_rotated_and_pasted_as_pillow_does(coordinates):
    images = coordinates(40)
    scars = drawn(40, 5)
    pasted, label = mia_ssl.synthesize(NAME, images, seed=5, jitter=0)
    same = total = 0
    for i, image in enumerate(images):
        whole = Image.fromarray(image.movedim(0, 2).numpy())
        y, x, h, w = (int(v[i]) for v in vars(scars.source).values())
        strip = whole.crop((x, y, x + w, y + h)).convert("RGBA")
        strip = strip.rotate(float(torch.rad2deg(scars.angle[i])), expand=True)
        assert strip.size == (int(scars.target.width[i]), int(scars.target.height[i]))
        corner = (int(scars.target.left[i]), int(scars.target.top[i]))
        whole.paste(strip.convert("RGB"), corner, mask=strip.getchannel("A"))
        same += (np.asarray(whole) == pasted[i].movedim(0, 2).numpy()).all(2)[label[i, 0] > 0].sum()
        total += int(label[i].sum())
        outside = (label[i] == 0).expand(3, -1, -1)
        assert torch.equal(pasted[i][outside], image[outside])
    assert same / total > 0.995  # a pixel on an edge may be rounded to the other side


def test_upright_strip_is_a_plain_crop(coordinates):
    images = coordinates(8)
    pasted, label = mia_ssl.synthesize(NAME, images, seed=2, jitter=0, rotation=(0, 0))
    scars = drawn(8, 2, rotation=(0, 0))
    for i in range(8):
        y, x, h, w = (int(v[i]) for v in vars(scars.source).values())
        top, left = int(scars.target.top[i]), int(scars.target.left[i])
        patch = pasted[i, :, top : top + h, left : left + w]
        assert torch.equal(patch, images[i, :, y : y + h, x : x + w])
        assert label[i].sum() == h * w


def test_area_of_the_label_is_that_of_the_strip(coordinates):
    _, label = mia_ssl.synthesize(NAME, coordinates(100)[:, :1], seed=9)
    scars = drawn(100, 9)
    np.testing.assert_allclose(label.sum((1, 2, 3)), scars.source.areas, rtol=0.15, atol=6)


def test_jitter_changes_only_the_strip(colors):
    images = colors(8)
    plain, label = mia_ssl.synthesize(NAME, images, seed=4, jitter=0)
    jittered, same_label = mia_ssl.synthesize(NAME, images, seed=4)
    assert torch.equal(label, same_label)
    changed = (plain != jittered).any(1, keepdim=True)
    assert changed.any((1, 2, 3)).all()
    assert not changed[label == 0].any()


def test_original_places_run_beyond_the_border_where_they_are_cut_off(coordinates):
    images = coordinates(200, 64)
    _, inside = mia_ssl.synthesize(NAME, images, seed=1)
    pasted, label = mia_ssl.synthesize(NAME, images, seed=1, jitter=0, original_places=True)
    scars = drawn(200, 1, 64, original_places=True)
    room = 64 - torch.stack((scars.target.width, scars.target.height))  # swapped
    assert (scars.target.top <= room[0]).all()
    assert (scars.target.left <= room[1]).all()
    beyond = scars.target.top + scars.target.height > 64
    beyond |= scars.target.left + scars.target.width > 64
    assert 5 < beyond.sum() < 100
    assert (label.sum((1, 2, 3)) <= inside.sum((1, 2, 3)))[~beyond].all()
    assert (label.sum((1, 2, 3)) < inside.sum((1, 2, 3)))[beyond].any()
    outside = (label == 0).expand_as(images)
    assert torch.equal(pasted[outside], images[outside])


def test_strips_that_might_not_fit_are_refused(coordinates):
    with pytest.raises(ValueError, match="fit into images of 64 x 64 when rotated"):
        mia_ssl.synthesize(NAME, coordinates(2, 64), seed=0, strip_height=(10, 80))
