"""Random numbers and sizes of boxes, from uniform random numbers in [0, 1)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mia_ssl.pasting.boxes import integer

if TYPE_CHECKING:
    from torch import Tensor


def uniform(numbers: Tensor, low: float, high: float) -> Tensor:
    """Return numbers that are uniform in [low, high)."""
    return low + (high - low) * numbers


def whole_uniform(numbers: Tensor, least: int, largest: int) -> Tensor:
    """Return whole numbers from least to largest, each as likely: int64."""
    return least + integer(numbers, largest - least + 1)


def log_uniform(numbers: Tensor, low: float, high: float) -> Tensor:
    """Return numbers in [low, high) whose logarithms are uniform."""
    return uniform(numbers, math.log(low), math.log(high)).exp()


def sides(area: Tensor, aspect: Tensor, height: int, width: int) -> tuple[Tensor, Tensor]:
    """Return the height and width of rectangles with these areas and aspects.

    Args:
        area: Share of the image's area, [n].
        aspect: Width / height, [n].
        height: Height of the image in pixels.
        width: Width of the image in pixels.

    Returns:
        Whole pixels, int64 [n] each, at least 1 and no more than the image has.
    """
    pixels = area * (height * width)
    h = (pixels / aspect).sqrt().round().long().clamp(1, height)
    w = (pixels * aspect).sqrt().round().long().clamp(1, width)
    return h, w
