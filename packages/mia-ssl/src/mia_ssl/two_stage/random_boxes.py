"""Random sizes and places of boxes, from uniform random numbers in [0, 1)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from mia_ssl.pasting.boxes import integer

if TYPE_CHECKING:
    from torch import Tensor


def uniform(numbers: Tensor, low: float, high: float) -> Tensor:
    """Return numbers that are uniform in [low, high)."""
    return low + (high - low) * numbers


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


def other_corners(
    numbers: Tensor,
    taken: tuple[Tensor, Tensor],
    height: Tensor,
    width: Tensor,
    sides: tuple[int, int],
) -> tuple[Tensor, Tensor]:
    """Return top and left of boxes anywhere in the image but at the taken place.

    Args:
        numbers: Random numbers in [0, 1), [n].
        taken: Top and left that are not to be drawn, int64 [n] each.
        height: Heights of the boxes, int64 [n].
        width: Widths of the boxes, int64 [n].
        sides: Height and width of the image.
    """
    columns = sides[1] - width + 1
    count = (sides[0] - height + 1) * columns
    place = taken[0] * columns + taken[1]
    place = (place + 1 + integer(numbers, count - 1)) % count
    return torch.div(place, columns, rounding_mode="floor"), place % columns
