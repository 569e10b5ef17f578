"""Densities of normal embeddings: what lies where they are thin is abnormal.

Plain numpy, usable with embeddings of any origin; higher scores are more abnormal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mia_ssl.densities.gaussian import GaussianDensity
from mia_ssl.densities.kernel import KernelDensity
from mia_ssl.densities.neighbours import NearestNeighbours

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

__all__ = ["Density", "GaussianDensity", "KernelDensity", "NearestNeighbours"]


class Density(Protocol):
    """What every density can do."""

    @property
    def at_least(self) -> int:
        """Embeddings that ``fit`` needs."""
        ...

    def fit(self, embeddings: np.ndarray) -> Density:
        """Learn from normal embeddings (N, D)."""
        ...

    def score(self, embeddings: np.ndarray) -> np.ndarray:
        """Score of each embedding (M, D): float64 (M,), higher is more abnormal."""
        ...

    def state(self) -> dict[str, np.ndarray]:
        """The arrays that ``fit`` learned, for a file without pickle."""
        ...

    def restore(self, state: Mapping[str, np.ndarray]) -> Density:
        """Take back what ``state`` gave.

        Raises:
            KeyError: An array is missing.
            ValueError: An array of another shape, or with NaN or infinity.
        """
        ...
