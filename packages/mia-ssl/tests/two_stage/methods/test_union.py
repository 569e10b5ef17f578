"""The union is either paste, about half of the time."""

from __future__ import annotations

import mia_ssl
import torch


def test_each_image_gets_one_of_the_two(coordinates):
    images = coordinates(200)
    _, label = mia_ssl.synthesize("cutpaste-union-2stage", images[:, :1], seed=0)
    areas = label.sum((1, 2, 3))
    is_scar = areas < 16 * 25 * 1.2
    is_rectangle = areas > 0.019 * 224**2
    assert (is_scar | is_rectangle).all()
    assert (areas > 0).all()
    assert 70 < is_scar.sum() < 130


def test_three_way_gives_all_rectangles_then_all_scars(coordinates):
    images = coordinates(10)
    pasted, label = mia_ssl.synthesize("cutpaste-3way-2stage", images, seed=0)
    assert pasted.shape == (20, 3, 224, 224)
    areas = label.sum((1, 2, 3))
    assert (areas[:10] > 0.019 * 224**2).all()
    assert (areas[10:] < 16 * 25 * 1.2).all()
    rectangles, _ = mia_ssl.synthesize("cutpaste-2stage", images, seed=0)
    assert torch.equal(pasted[:10], rectangles)
