"""From uniform numbers in [0, 1) to what a paste needs; all on the CPU, float64."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from mia_ssl.pasting.boxes import integer

if TYPE_CHECKING:
    from torch import Tensor


def uniform(u: Tensor, low: float, high: float) -> Tensor:
    """Uniform in [low, high)."""
    return low + (high - low) * u


def log_uniform(u: Tensor, low: float, high: float) -> Tensor:
    """Uniform in the logarithm, in [low, high)."""
    return uniform(u, math.log(low), math.log(high)).exp()


def sides(area: Tensor, aspect: Tensor, height: int, width: int) -> tuple[Tensor, Tensor]:
    """Height and width of a rectangle with this share of the image and aspect (width / height).

    Rounded to whole pixels, at least 1 and inside the image; int64.
    """
    pixels = area * (height * width)
    h = (pixels / aspect).sqrt().round().long().clamp(1, height)
    w = (pixels * aspect).sqrt().round().long().clamp(1, width)
    return h, w


def place_elsewhere(
    u: Tensor, taken: tuple[Tensor, Tensor], h: Tensor, w: Tensor, height: int, width: int
) -> tuple[Tensor, Tensor]:
    """As ``corners``, uniform over all places but the one that is taken; u is [...]."""
    columns = width - w + 1
    count = (height - h + 1) * columns
    at = taken[0] * columns + taken[1]
    at = (at + 1 + integer(u, count - 1)) % count
    return torch.div(at, columns, rounding_mode="floor"), at % columns
