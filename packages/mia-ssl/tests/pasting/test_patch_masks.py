"""Foreground of patches against plain slices, on a CPU and as other devices have it."""

import cv2
import numpy as np
import pytest
import torch
from mia_ssl.pasting import patch_masks
from mia_ssl.pasting.boxes import Boxes
from mia_ssl.pasting.patch_masks import cut_masks


@pytest.fixture(params=["cpu", "elsewhere"])
def scene(request, monkeypatch):
    """Thirty patches in ragged foreground: masks, sources, boxes and the patches' own masks."""
    if request.param == "elsewhere":
        monkeypatch.setattr(patch_masks, "on_cpu", lambda _: False)
    rng = np.random.default_rng(0)
    coarse = rng.random((6, 10, 12)) < 0.7
    masks = np.uint8(coarse.repeat(8, axis=1).repeat(8, axis=2))
    old, new = rng.integers(3, 40, (2, 2, 30))
    new[:, ::3] = old[:, ::3]
    origin = rng.integers(0, 6, 30)
    largest = np.maximum(old, new)
    top, left = rng.integers(0, 81 - largest[0]), rng.integers(0, 97 - largest[1])
    source, target = (Boxes(*map(torch.from_numpy, (top, left, *sides))) for sides in (old, new))
    plain = [
        cv2.resize(masks[o, t : t + h, x : x + w], (int(c), int(r)))
        for o, t, x, h, w, r, c in zip(origin, top, left, *old, *new, strict=True)
    ]
    cut = cut_masks(torch.from_numpy(masks), torch.from_numpy(origin), source, target)
    return masks, plain, cut, target


def test_the_first_place_with_enough_overlap(scene):
    masks, plain, cut, target = scene
    rng = np.random.default_rng(1)
    image = rng.integers(0, 6, 30)
    places = [
        rng.integers(0, side - n.numpy()[:, None] + 1, (30, 5))
        for side, n in zip((80, 96), (target.height, target.width), strict=True)
    ]
    height, width = (side[:, None].expand(30, 5) for side in (target.height, target.width))
    boxes = Boxes(*map(torch.from_numpy, places), height, width)
    lucky, choice = cut.first(torch.from_numpy(masks), torch.from_numpy(image), boxes, 0.75)
    for k, patch in enumerate(plain):
        h, w = patch.shape
        good = [
            n
            for n, (t, x) in enumerate(zip(places[0][k], places[1][k], strict=True))
            if (masks[image[k], t : t + h, x : x + w] & patch).sum() > 0.75 * patch.sum()
        ]
        assert bool(lucky[k]) == bool(good)
        assert not good or choice[k] == good[0]
    assert 5 < lucky.sum() < 28


@pytest.mark.parametrize("index", [slice(4, 9), torch.tensor([7, 2, 20])])
def test_union_covers_foreground_of_patch_and_image(scene, index):
    masks, plain, cut, target = scene
    numbers = np.arange(30)[index if isinstance(index, slice) else index.numpy()]
    out = torch.zeros(6, 80, 96, dtype=torch.uint8)
    image = torch.arange(len(numbers))
    cut[index].write_union(out, torch.from_numpy(masks), image, target[index])
    expected = np.zeros_like(masks)
    for i, k in enumerate(numbers):
        t, x, (h, w) = target.top[k], target.left[k], plain[k].shape
        expected[i, t : t + h, x : x + w] = masks[i, t : t + h, x : x + w] | plain[k]
    np.testing.assert_array_equal(out, expected)
