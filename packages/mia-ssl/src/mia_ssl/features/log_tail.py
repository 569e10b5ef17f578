"""Logarithm of the normal distribution, of operations that every runtime has.

PyTorch's ``special.log_ndtr`` computes the same, but belongs to no exchange format. With
t = 2 / (2 + z), log(erfc(z)) is log(t) - z^2 plus a smooth function of t in 0 to 1, for which a
Chebyshev polynomial through the values of PyTorch's ``special.erfcx`` stands here.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

_DEGREE = 30  # leaves an error of some units in float64's last place


def log_normal_distribution(x: Tensor) -> Tensor:
    """Return the logarithm of the standard normal distribution function of float64 values."""
    z = x.abs() / math.sqrt(2)
    t = 2 / (2 + z)
    log_tail = t.log() - z.square() + _polynomial(2 * t - 1) - math.log(2)  # of -|x|
    return torch.where(x < 0, log_tail, torch.log1p(-log_tail.exp()))


def _polynomial(u: Tensor) -> Tensor:
    """Return the polynomial's value at places in -1 to 1, by Clenshaw's recurrence."""
    first, *rest = _coefficients()
    below = above = torch.zeros_like(u)
    for coefficient in reversed(rest):
        below, above = coefficient + 2 * u * below - above, below
    return first + u * below - above


@cache
def _coefficients() -> tuple[float, ...]:
    """Return the coefficients of the Chebyshev polynomial."""
    count = _DEGREE + 1
    angles = (torch.arange(count, dtype=torch.float64) + 0.5) * (math.pi / count)
    t = (angles.cos() + 1) / 2
    values = torch.special.erfcx(2 / t - 2).log() - t.log()
    waves = (torch.arange(count, dtype=torch.float64)[:, None] * angles).cos()
    coefficients = 2 / count * (waves @ values)
    coefficients[0] /= 2
    return tuple(coefficients.tolist())
