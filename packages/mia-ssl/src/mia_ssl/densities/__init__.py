"""Densities of normal embeddings, which score how unlikely another embedding is.

In NumPy, for embeddings of any origin; higher scores are more abnormal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mia_ssl.densities.gaussian import GaussianDensity
from mia_ssl.densities.kernel import KernelDensity
from mia_ssl.densities.nearest_neighbors import NearestNeighbors

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

__all__ = ["Density", "GaussianDensity", "KernelDensity", "NearestNeighbors"]


class Density(Protocol):
    """Methods that every density has."""

    @property
    def min_embeddings(self) -> int:
        """Number of embeddings that ``fit`` needs."""
        ...

    def fit(self, embeddings: np.ndarray) -> Density:
        """Learn from normal embeddings (N, D)."""
        ...

    def score(self, embeddings: np.ndarray) -> np.ndarray:
        """Score embeddings (M, D): float64 (M,), higher is more abnormal."""
        ...

    def state(self) -> dict[str, np.ndarray]:
        """Return the arrays that ``fit`` learned, for a file without pickle."""
        ...

    def restore(self, state: Mapping[str, np.ndarray]) -> Density:
        """Take back what ``state`` returned.

        Raises:
            KeyError: An array is missing.
            ValueError: An array of another shape, or with NaN or infinity.
        """
        ...
