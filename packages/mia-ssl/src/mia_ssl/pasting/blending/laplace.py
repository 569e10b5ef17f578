"""Poisson's equation in many boxes of different sizes at once, exactly, by sine transforms.

A sine transform of up to some hundred values is a product with a small matrix. Boxes of different
sizes share a batch because each has matrices of its own, padded with zeros.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

_STEP, _LARGEST = 32, 128  # lengths of the lines that have a table; longer ones are rare


def solve(
    divergence: Tensor, rows: tuple[Tensor, Tensor], columns: tuple[Tensor, Tensor]
) -> Tensor:
    """Find the function that has a Laplacian inside a box and is zero around it.

    Args:
        divergence: [C, P, H, W], the inner pixels of padded images; zero outside the boxes.
        rows: For each box, its border above and how many rows lie inside, int64 [P] each; row 0 of
            ``divergence`` is row 1 here.
        columns: The same for its border on the left and its columns.

    Returns:
        float64 [C, P, H, W].
    """
    down, down_values = sines(divergence.shape[-2], *rows)
    across, across_values = sines(divergence.shape[-1], *columns)
    # In float64 no sum's order shows in a rounded gray level: no batch changes an image.
    waves = down.mT @ divergence.double() @ across
    waves /= down_values[:, :, None] + across_values[:, None, :]
    return down @ waves @ across.mT


def sines(length: int, before: Tensor, count: Tensor) -> tuple[Tensor, Tensor]:
    """Return orthonormal sine transforms of ``count`` values each, in padded lines.

    Args:
        length: Of the lines.
        before: Padding before the first value, int64 [P].
        count: Values, int64 [P].

    Returns:
        In float64: matrices [P, length, length], value by wave, zero where padded; eigenvalues of
        the second difference [P, length], -1 where padded.
    """
    if length > _LARGEST:
        size, key = length, torch.arange(len(count), device=count.device)
        matrices, values = transforms(size, count)
    else:
        size, key = -(-length // _STEP) * _STEP, count
        matrices, values = _table(size, count.device)
    line = torch.arange(length, device=count.device) - before[:, None]
    line = torch.where((line >= 0) & (line < count[:, None]), line, size)  # the last one is zero
    index = (key[:, None] * (size + 1) + line).view(-1)
    chosen = matrices.view(-1, size).index_select(0, index).view(len(count), length, size)
    return chosen[:, :, :length], values[key, :length]


@lru_cache(maxsize=16)
def _table(size: int, device: torch.device) -> tuple[Tensor, Tensor]:
    return transforms(size, torch.arange(size + 1, device=device))


def transforms(size: int, count: Tensor) -> tuple[Tensor, Tensor]:
    """Compute sine transforms of ``count`` values [P].

    Returns:
        Transforms [P, size + 1, size] and eigenvalues [P, size].
    """
    place = torch.arange(1, size + 2, device=count.device)
    used = place <= count[:, None]
    angle = math.pi / (count + 1).double()[:, None]  # of the first value's first wave
    values = (2 * torch.cos(place * angle) - 2).masked_fill_(~used, -1)
    waves = (place * angle * used)[:, :, None] * (place[:-1] * used[:, :-1])[:, None, :]
    scale = (2 / (count + 1).double()).sqrt_()
    return torch.sin(waves).mul_(scale[:, None, None]), values[:, :-1]
