"""Fitted densities as PyTorch modules, which score embeddings as part of one graph.

Each computes in float64 what the density's own ``score`` computes in NumPy; the tests hold the two
to each other.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.jit._trace import is_tracing

from mia_ssl.densities.gaussian import GaussianDensity
from mia_ssl.densities.kernel import KernelDensity
from mia_ssl.densities.nearest_neighbors import NearestNeighbors

if TYPE_CHECKING:
    from collections.abc import Callable

    from mia_ssl.densities import Density

_BLOCK = 2**22  # float64 distances held at a time: 32 MB


def as_module(density: Density) -> nn.Module:
    """Return a fitted density as a module: embeddings [M, D] -> scores, float64 [M].

    Raises:
        NotFittedError: Before ``fit``.
        TypeError: Not one of this package's densities.
    """
    if isinstance(density, GaussianDensity):
        return Mahalanobis(density)
    if isinstance(density, KernelDensity):
        return KernelLogDensity(density)
    if isinstance(density, NearestNeighbors):
        return NeighborDistance(density)
    msg = f"expected a density of mia_ssl, got {type(density).__name__}"
    raise TypeError(msg)


class Mahalanobis(nn.Module):
    """Mahalanobis distance of a fitted ``GaussianDensity``."""

    mean: Tensor
    whitening: Tensor

    def __init__(self, density: GaussianDensity) -> None:
        super().__init__()
        self.l2_normalize = density.l2_normalize
        for name, value in density.state().items():
            self.register_buffer(name, torch.from_numpy(value))

    def forward(self, embeddings: Tensor) -> Tensor:
        """Score embeddings: [M, D] -> [M]."""
        points = _scaled(embeddings, self.l2_normalize)
        return ((points - self.mean) @ self.whitening).norm(dim=1)


class KernelLogDensity(nn.Module):
    """Negative log density of a fitted ``KernelDensity``."""

    points: Tensor

    def __init__(self, density: KernelDensity) -> None:
        super().__init__()
        self.l2_normalize = density.l2_normalize
        self.bandwidth = density.bandwidth
        points = density.state()["points"]
        self.register_buffer("points", torch.from_numpy(points))
        count, width = points.shape
        scale = math.sqrt(2 * math.pi) * self.bandwidth
        self._constant = math.log(count) + width * math.log(scale)
        self._block = _BLOCK // count

    def forward(self, embeddings: Tensor) -> Tensor:
        """Score embeddings: [M, D] -> [M]."""

        def score(queries: Tensor) -> Tensor:
            exponents = squared_distances(queries, self.points) / (-2 * self.bandwidth**2)
            largest = exponents.amax(1)  # taken out, so that far points do not underflow to 0
            return self._constant - largest - (exponents - largest[:, None]).exp().sum(1).log()

        return in_blocks(score, _scaled(embeddings, self.l2_normalize), self._block)


class NeighborDistance(nn.Module):
    """Mean distance to the nearest neighbors of a fitted ``NearestNeighbors``."""

    points: Tensor

    def __init__(self, density: NearestNeighbors) -> None:
        super().__init__()
        self.k = density.k
        self.metric = density.metric
        points = density.state()["points"]
        self.register_buffer("points", torch.from_numpy(points))
        self._block = _BLOCK // len(points)

    def forward(self, embeddings: Tensor) -> Tensor:
        """Score embeddings: [M, D] -> [M]."""

        def score(queries: Tensor) -> Tensor:
            if self.metric == "cosine":
                distances = 1 - queries @ self.points.T
            else:
                distances = squared_distances(queries, self.points)
            nearest = distances.topk(self.k, dim=1, largest=False).values
            return (nearest.sqrt() if self.metric == "euclidean" else nearest).mean(1)

        queries = _scaled(embeddings, self.metric == "cosine")
        return in_blocks(score, queries, self._block)


def squared_distances(a: Tensor, b: Tensor) -> Tensor:
    """Return the squared Euclidean distances of rows [N, D] to rows [M, D]: [N, M]."""
    squares = a.square().sum(1)[:, None] + b.square().sum(1) - 2 * a @ b.T
    return squares.clamp(min=0)


def in_blocks(score: Callable[[Tensor], Tensor], queries: Tensor, size: int) -> Tensor:
    """Score queries [M, D] a block of rows at a time, to [M]; a traced graph takes all at once.

    Args:
        score: Scores a block, [m, D] -> [m].
        queries: The queries.
        size: Rows of a block; at least one is taken.
    """
    if is_tracing() or torch.compiler.is_compiling():  # for any number of rows
        return score(queries)
    return torch.cat([score(part) for part in queries.split(max(size, 1))])


def _scaled(embeddings: Tensor, is_unit: bool) -> Tensor:
    """Return embeddings in float64, of length 1 if asked for; one of zeros stays."""
    points = embeddings.double()
    if not is_unit:
        return points
    lengths = points.norm(dim=1, keepdim=True)
    return points / torch.where(lengths > 0, lengths, torch.ones_like(lengths))
