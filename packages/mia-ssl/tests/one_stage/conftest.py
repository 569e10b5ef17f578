"""The rules of the study for one image at a time, written plainly: the oracle of the fast ones."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TRIES, PATCHES = 200, 3


def foreground(image: np.ndarray) -> np.ndarray:
    return cv2.medianBlur(np.uint8(image > 20), 7)


def half_width(gamma: float, side: int) -> int:
    half = round(min(max(0.03 + gamma, 0.03), 0.4) * side)
    return min(max(half, math.ceil(0.03 * side)), math.floor(0.4 * side))


def patches_of(
    name: str, mask: np.ndarray, source_mask: np.ndarray, rng: np.random.Generator
) -> Iterator[dict[str, Any]]:
    """The patches of one image, tried place by place."""
    side = len(mask)
    for number in range(PATCHES):
        if number > 0 and rng.random() < 0.5:
            continue
        halves = [half_width(rng.gamma(2, 0.03), side) for _ in range(2)]
        least = math.ceil(0.03 * side)
        for _ in range(TRIES):
            centre = rng.integers(least, side - least, 2)
            first = [max(c - h, 0) for c, h in zip(centre, halves, strict=True)]
            last = [min(c + h, side) for c, h in zip(centre, halves, strict=True)]
            if source_mask[first[0] : last[0], first[1] : last[1]].mean() > 0.7:
                break
        else:
            continue
        shape = [b - a for a, b in zip(first, last, strict=True)]
        scale = float(np.clip(rng.normal(1, 0.5), 0.7, 1.3)) if name.startswith("nsa") else 1.0
        shape = [min(max(round(scale * n), 1), side) for n in shape]
        target = first
        if name == "cutpaste" or name.startswith("nsa"):
            for _ in range(TRIES):
                target = [int(rng.integers(0, side - n + 1)) for n in shape]
                rows, columns = (slice(t, t + n) for t, n in zip(target, shape, strict=True))
                if mask[rows, columns].mean() > 0.7:
                    break
            else:
                continue
        yield {
            "number": number,
            "top": target[0],
            "left": target[1],
            "height": shape[0],
            "width": shape[1],
            "source_top": first[0],
            "source_left": first[1],
            "source_height": last[0] - first[0],
        }


@pytest.fixture(scope="session")
def plain() -> SimpleNamespace:
    """``foreground(image)`` and ``patches(name, mask, source_mask, rng)`` of one image."""
    return SimpleNamespace(foreground=foreground, patches=patches_of)


@pytest.fixture(scope="session")
def discs() -> Callable[..., np.ndarray]:
    """Textured discs on black, uint8 (N, C, S, S): an easy kind of organ."""

    def draw(count: int, *, size: int = 64, channels: int = 1, seed: int = 0) -> np.ndarray:
        rng = np.random.default_rng(seed)
        row, column = np.mgrid[:size, :size] - size / 2
        disc = row**2 + column**2 < (0.42 * size) ** 2
        images = rng.integers(40, 220, (count, channels, size // 4, size // 4))
        images = images.repeat(4, axis=2).repeat(4, axis=3) + rng.integers(0, 20, disc.shape)
        return np.uint8(images * disc)

    return draw
