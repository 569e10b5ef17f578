"""Kernel density of normal embeddings."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from mia_ssl._engine.options import check_flag, check_positive
from mia_ssl.densities.embeddings import blocks, checked, require, squared_distances, unit_length

if TYPE_CHECKING:
    from collections.abc import Mapping


class KernelDensity:
    """Negative log density under a Gaussian kernel on every normal embedding.

    Equal to scikit-learn's, but by matrix products: in hundreds of dimensions its trees prune
    nothing, and products are many times faster.

    Args:
        bandwidth: Standard deviation of the kernel.
        l2_normalize: Whether every embedding is scaled to length 1 first.

    Paper: https://arxiv.org/abs/2104.04015
    """

    min_embeddings = 1

    def __init__(self, *, bandwidth: float = 1.0, l2_normalize: bool = True) -> None:
        check_positive(bandwidth=bandwidth)
        check_flag(l2_normalize=l2_normalize)
        self.bandwidth = bandwidth
        self.l2_normalize = l2_normalize
        self.points: np.ndarray | None = None

    def fit(self, embeddings: np.ndarray) -> KernelDensity:
        """Keep the normal embeddings (N, D).

        Raises:
            ValueError: Not finite or not (N, D).
        """
        self.points = self._scaled(checked(embeddings))
        return self

    def score(self, embeddings: np.ndarray) -> np.ndarray:
        """Return the negative log density at embeddings (M, D): float64 (M,).

        Raises:
            NotFittedError: Before ``fit``.
            ValueError: Not finite, or another width than in ``fit``.
        """
        points = require(self.points, self)
        count, width = points.shape
        queries = self._scaled(checked(embeddings, width=width))
        constant = math.log(count) + width * math.log(math.sqrt(2 * math.pi) * self.bandwidth)
        scores = np.empty(len(queries))
        for block in blocks(len(queries), count):
            distances = squared_distances(queries[block], points)
            exponents = distances / (-2 * self.bandwidth**2)
            largest = exponents.max(axis=1)  # taken out, so that far points do not underflow to 0
            sums = np.exp(exponents - largest[:, None]).sum(axis=1)
            scores[block] = constant - largest - np.log(sums)
        return scores

    def state(self) -> dict[str, np.ndarray]:
        """Return the array ``points`` (N, D)."""
        return {"points": require(self.points, self)}

    def restore(self, state: Mapping[str, np.ndarray]) -> KernelDensity:
        """Take back what ``state`` returned; for errors see ``Density``."""
        self.points = checked(state["points"])
        return self

    def _scaled(self, points: np.ndarray) -> np.ndarray:
        return unit_length(points) if self.l2_normalize else points
