"""Few vectors that lie near all others: greedy choice of the farthest one.

Paper: https://arxiv.org/abs/1708.00489
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

_log = logging.getLogger(__name__)
_PROJECTED = 128  # dimensions in which distances are compared
_PER_SECOND = 2e9  # multiplications of one core, which memory limits
_LONG = 60  # seconds from which on an estimate is worth a warning


def choose_coreset(vectors: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Choose vectors one by one, each the farthest from those that have been chosen.

    Distances are those of a random projection, which keeps them nearly. Before it starts it logs
    how long it will take.

    Args:
        vectors: float32 [N, D].
        count: Number of vectors to choose.
        generator: Source of the projection and of the first vector.

    Returns:
        Indices of the chosen ones, int64 [count], in the order of their choice.
    """
    count = min(count, len(vectors))
    width = min(_PROJECTED, vectors.shape[1])
    seconds = count * len(vectors) * width / _PER_SECOND
    level = logging.WARNING if seconds > _LONG else logging.INFO
    _log.log(
        level, "choosing %d of %d patches, about %.0f s on one core", count, len(vectors), seconds
    )
    if width < vectors.shape[1]:
        projection = torch.randn(vectors.shape[1], width, generator=generator) / width**0.5
        vectors = vectors @ projection
    squares = vectors.square().sum(1)
    chosen = torch.empty(count, dtype=torch.int64)
    latest = int(torch.randint(len(vectors), (), generator=generator))
    apart = torch.full((len(vectors),), torch.inf)
    for number in range(count):
        chosen[number] = latest
        distance = torch.addmv(squares, vectors, vectors[latest], alpha=-2).add_(squares[latest])
        torch.minimum(apart, distance, out=apart)
        apart[latest] = -torch.inf  # it is not chosen again
        latest = int(apart.argmax())
    return chosen
