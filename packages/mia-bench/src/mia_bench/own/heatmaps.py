"""Anomaly maps at the size of the image they belong to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from mia_bench.report import pictures

if TYPE_CHECKING:
    from mia_bench.own.reference import Reference

# Quantiles of the normal images' map pixels. Colour begins where a pixel is more unusual than most
# of theirs, and is full where it is beyond nearly all of them; there the outline runs.
COLOUR_FROM, COLOUR_FULL = 0.95, 0.9999
OUTLINE_WIDTH = 500  # one pixel of outline for so many of the image's longer side


@dataclass(frozen=True)
class Scale:
    """The map values that colour begins and is full at: the same for all images of a model."""

    low: float
    high: float

    @classmethod
    def of(cls, reference: Reference) -> Scale:
        """The scale that normal images give."""
        return cls(reference.pixels[COLOUR_FROM], reference.pixels[COLOUR_FULL])


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
    """An image (C, H, W) under its map (H, W), what is beyond the scale outlined: (H, W, 3)."""
    level = pictures.levels(whole, (scale.low, scale.high))
    mixed = pictures.blend(pictures.rgb(original), level)
    width = max(1, round(max(whole.shape) / OUTLINE_WIDTH))
    return pictures.outlined(mixed, whole > scale.high, width)


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
