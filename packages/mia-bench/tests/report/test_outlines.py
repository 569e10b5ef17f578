"""The path around a mask is that of its pixels: filled, it is the mask again."""

from __future__ import annotations

import re

import numpy as np
import pytest
from mia_bench.report.masks import Masks
from mia_bench.report.outlines import MAX_CHARACTERS, outline


def fill(path: str, width: int, height: int) -> np.ndarray:
    """The pixels inside a path by the rule evenodd, counted along a ray to the right of each."""
    crossings = np.zeros((height, width), int)
    for loop in path.split("z")[:-1]:
        x, y = map(int, re.match(r"M(\d+) (\d+)", loop).groups())
        start = (x, y)
        corners = [start]
        for command, value in re.findall(r"([HV])(\d+)", loop):
            x, y = (int(value), y) if command == "H" else (x, int(value))
            corners.append((x, y))
        for (x0, y0), (x1, y1) in zip(corners, [*corners[1:], start], strict=True):
            if x0 == x1:
                crossings[min(y0, y1) : max(y0, y1), :x0] += 1
    return crossings % 2 == 1


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.9, 1])
def test_filled_it_is_the_mask(share):
    rng = np.random.default_rng(0)
    for _ in range(5):
        mask = rng.random((9, 12)) < share
        path, width, height = outline(mask)
        assert (width, height) == (12, 9)
        np.testing.assert_array_equal(fill(path, width, height), mask)


def test_a_square_has_four_corners():
    mask = np.zeros((8, 8), np.uint8)
    mask[2:5, 3:6] = 255
    assert outline(mask) == ("M3 2H6V5H3z", 8, 8)


def test_a_mask_of_many_specks_is_drawn_more_coarsely():
    mask = np.random.default_rng(0).random((200, 100)) < 0.5
    path, width, height = outline(mask)
    assert len(path) <= MAX_CHARACTERS
    assert (width, height) in ((50, 100), (25, 50), (12, 25))


def test_the_same_outline_is_on_the_page_once():
    masks, mask = Masks(), np.zeros((8, 8), np.uint8)
    assert masks.add(mask) is None
    mask[2:5, 3:6] = 1
    first = masks.add(mask)
    assert masks.add(mask.copy()) is first
    mask[7, 7] = 1
    assert masks.add(mask).id != first.id
    assert len(masks.all) == 2
