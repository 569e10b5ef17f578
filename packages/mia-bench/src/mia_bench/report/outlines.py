"""Outlines of masks as SVG paths: sharp at any size, and shown or hidden by the reader."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Iterator

Point = tuple[int, int]  # x, y

MAX_CHARACTERS = 6000  # of a path; a mask of many specks is drawn on a coarser grid


def outline(mask: np.ndarray) -> tuple[str, int, int]:
    """Return the path around a mask (H, W), and the width and height that it is drawn on.

    Filled by the rule ``evenodd`` the path is the mask itself; it is empty where the mask is. Of a
    mask that would need more than 6000 characters, it is that of half the size, and so on.
    """
    inside = np.asarray(mask) > 0
    while True:
        path = "".join(_drawn(loop) for loop in _loops(inside))
        if len(path) <= MAX_CHARACTERS or min(inside.shape) < 2:
            return path, inside.shape[1], inside.shape[0]
        size = max(1, inside.shape[1] // 2), max(1, inside.shape[0] // 2)
        smaller = Image.fromarray(inside.astype(np.uint8) * 255).resize(size, Image.Resampling.BOX)
        inside = np.asarray(smaller) >= 128


def _loops(inside: np.ndarray) -> Iterator[list[Point]]:
    """Yield the closed lines between pixels inside and outside, as their corners."""
    after = _edges(inside)
    while after:
        start, ends = next(iter(after.items()))
        corners, here, before = [start], ends[-1], start
        _take(after, start)
        while here != start:
            there = _take(after, here)
            if (there[0] == here[0]) != (here[0] == before[0]):
                corners.append(here)
            before, here = here, there
        yield corners


def _edges(inside: np.ndarray) -> dict[Point, list[Point]]:
    """Return the sides of pixels that face the outside, by where they begin; clockwise."""
    padded = np.pad(inside, 1)
    core = padded[1:-1, 1:-1]
    after: dict[Point, list[Point]] = {}
    for outside, (x0, y0), (x1, y1) in (
        (padded[:-2, 1:-1], (0, 0), (1, 0)),  # above
        (padded[1:-1, 2:], (1, 0), (1, 1)),  # right
        (padded[2:, 1:-1], (1, 1), (0, 1)),  # below
        (padded[1:-1, :-2], (0, 1), (0, 0)),  # left
    ):
        for y, x in np.argwhere(core & ~outside).tolist():
            after.setdefault((x + x0, y + y0), []).append((x + x1, y + y1))
    return after


def _take(after: dict[Point, list[Point]], start: Point) -> Point:
    """Remove an edge that begins at a corner and return its end."""
    ends = after[start]
    end = ends.pop()
    if not ends:
        del after[start]
    return end


def _drawn(corners: list[Point]) -> str:
    """Return a closed line of horizontal and vertical pieces as SVG commands."""
    (x, y), *rest = corners
    parts = [f"M{x} {y}"]
    for to_x, to_y in rest:
        parts.append(f"H{to_x}" if to_y == y else f"V{to_y}")
        x, y = to_x, to_y
    return "".join(parts) + "z"
