"""Heatmaps: anomaly maps as colors over the images they belong to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from mia_bench.report import pictures

if TYPE_CHECKING:
    from mia_bench.inference.normal_scores import NormalScores

# Quantiles of the normal images' map pixels that color begins at, is full at, and from which on
# pixels are outlined: of a normal image, one pixel in four is colored and one in 1000 outlined.
COLOR_FROM, COLOR_FULL, OUTLINED = 0.75, 0.995, 0.999
OUTLINE_WIDTH = 500  # one pixel of outline for so many of the image's longer side


@dataclass(frozen=True)
class ColorScale:
    """Map values and their colors, the same for all images of a model.

    Attributes:
        low: Value at which color begins.
        high: Value at which color is full.
        outlined: Value beyond which pixels are outlined.
    """

    low: float
    high: float
    outlined: float

    @classmethod
    def of(cls, normal_scores: NormalScores) -> ColorScale:
        """Return the scale that the maps of normal images give."""
        return cls(*(normal_scores.pixels[level] for level in (COLOR_FROM, COLOR_FULL, OUTLINED)))


def at_own_size(
    heat: np.ndarray, box: tuple[int, int, int, int], height: int, width: int
) -> np.ndarray:
    """Resize a map (S, S) to float32 (height, width), bilinear.

    ``box`` (left, top, right, bottom) is the part of the image that the map shows; it is NaN
    elsewhere.
    """
    left, top, right, bottom = box
    whole = np.full((height, width), np.nan, np.float32)
    part = Image.fromarray(heat).resize((right - left, bottom - top), Image.Resampling.BILINEAR)
    whole[top:bottom, left:right] = np.asarray(part)
    return whole


def heatmap(original: np.ndarray, whole: np.ndarray, scale: ColorScale) -> np.ndarray:
    """Draw a map (H, W) over its image (C, H, W), most unusual pixels outlined: (H, W, 3)."""
    mixed = colored(original, whole, scale)
    width = max(1, round(max(whole.shape) / OUTLINE_WIDTH))
    return pictures.outlined(mixed, whole > scale.outlined, width)


def colored(original: np.ndarray, whole: np.ndarray, scale: ColorScale) -> np.ndarray:
    """Draw a map (H, W) over its image (C, H, W), without outlines: (H, W, 3)."""
    level = pictures.levels(whole, (scale.low, scale.high))
    return pictures.blend(pictures.rgb(original), level)


def thumbnail(
    original: np.ndarray, box: tuple[int, int, int, int], side: int
) -> tuple[np.ndarray, tuple[int, int, int, int]]:
    """Shrink an image (C, H, W) to a longer side of ``side``; return it and its box there."""
    _, height, width = original.shape
    factor = side / max(height, width)
    size = max(1, round(width * factor)), max(1, round(height * factor))
    small = Image.fromarray(pictures.rgb(original)).resize(size, Image.Resampling.BILINEAR)
    left, top, right, bottom = (round(edge * factor) for edge in box)
    right, bottom = min(max(right, left + 1), size[0]), min(max(bottom, top + 1), size[1])
    inside = min(left, right - 1), min(top, bottom - 1), right, bottom
    return np.asarray(small).transpose(2, 0, 1), inside
