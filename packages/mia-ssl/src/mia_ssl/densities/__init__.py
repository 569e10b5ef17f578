"""Densities of normal embeddings; an embedding is abnormal where they are thin.

Plain NumPy, usable with embeddings of any origin; higher scores are more abnormal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mia_ssl.densities.gaussian import GaussianDensity
from mia_ssl.densities.kernel import KernelDensity
from mia_ssl.densities.neighbors import NearestNeighbors

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

__all__ = ["Density", "GaussianDensity", "KernelDensity", "NearestNeighbors"]


class Density(Protocol):
    """The methods of every density."""

    @property
    def at_least(self) -> int:
        """Return the number of embeddings that ``fit`` needs."""
        ...

    def fit(self, embeddings: np.ndarray) -> Density:
        """Learn from normal embeddings (N, D)."""
        ...

    def score(self, embeddings: np.ndarray) -> np.ndarray:
        """Score each embedding (M, D): float64 (M,), higher is more abnormal."""
        ...

    def state(self) -> dict[str, np.ndarray]:
        """Return the arrays that ``fit`` learned, for a file without pickle."""
        ...

    def restore(self, state: Mapping[str, np.ndarray]) -> Density:
        """Take back the result of ``state``.

        Raises:
            KeyError: An array is missing.
            ValueError: An array of another shape, or with NaN or infinity.
        """
        ...
