"""Anomaly maps at the size of the image they belong to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from mia_bench.report import pictures

if TYPE_CHECKING:
    from mia_bench.inference.normal_scores import Reference

# Quantiles of the normal images' map pixels that color begins at, is full at, and from which on
# pixels are outlined: of a normal image, one pixel in four is colored and one in 1000 outlined.
COLOR_FROM, COLOR_FULL, OUTLINED = 0.75, 0.995, 0.999
OUTLINE_WIDTH = 500  # one pixel of outline for so many of the image's longer side


@dataclass(frozen=True)
class Scale:
    """Map values that mean the same in all images of a model.

    Attributes:
        low: Where color begins.
        high: Where it is full.
        outlined: Beyond it, pixels are outlined.
    """

    low: float
    high: float
    outlined: float

    @classmethod
    def of(cls, reference: Reference) -> Scale:
        """The scale that normal images give."""
        return cls(*(reference.pixels[level] for level in (COLOR_FROM, COLOR_FULL, OUTLINED)))


def at_own_size(
    heat: np.ndarray, box: tuple[int, int, int, int], height: int, width: int
) -> np.ndarray:
    """A map (S, S) as float32 (height, width), bilinear.

    ``box`` (left, top, right, bottom) is the part of the image that the map shows; it is NaN
    elsewhere.
    """
    left, top, right, bottom = box
    whole = np.full((height, width), np.nan, np.float32)
    part = Image.fromarray(heat).resize((right - left, bottom - top), Image.Resampling.BILINEAR)
    whole[top:bottom, left:right] = np.asarray(part)
    return whole


def heatmap(original: np.ndarray, whole: np.ndarray, scale: Scale) -> np.ndarray:
    """An image (C, H, W) under its map (H, W), its most unusual pixels outlined: (H, W, 3)."""
    level = pictures.levels(whole, (scale.low, scale.high))
    mixed = pictures.blend(pictures.rgb(original), level)
    width = max(1, round(max(whole.shape) / OUTLINE_WIDTH))
    return pictures.outlined(mixed, whole > scale.outlined, width)


def thumbnail(
    original: np.ndarray, box: tuple[int, int, int, int], side: int
) -> tuple[np.ndarray, tuple[int, int, int, int]]:
    """An image (C, H, W) with its longer side at ``side``, and where its box lies there."""
    _, height, width = original.shape
    factor = side / max(height, width)
    size = max(1, round(width * factor)), max(1, round(height * factor))
    small = Image.fromarray(pictures.rgb(original)).resize(size, Image.Resampling.BILINEAR)
    left, top, right, bottom = (round(edge * factor) for edge in box)
    right, bottom = min(max(right, left + 1), size[0]), min(max(bottom, top + 1), size[1])
    inside = min(left, right - 1), min(top, bottom - 1), right, bottom
    return np.asarray(small).transpose(2, 0, 1), inside
