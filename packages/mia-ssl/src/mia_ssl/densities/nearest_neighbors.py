"""Distance to the nearest normal embeddings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mia_ssl._engine.options import check_choice, check_counts
from mia_ssl.densities.embeddings import blocks, checked, require, squared_distances, unit_length

if TYPE_CHECKING:
    from collections.abc import Mapping

METRICS = ("cosine", "euclidean", "squared")


class NearestNeighbors:
    """Mean distance to the k nearest normal embeddings.

    Args:
        k: Number of neighbors.
        metric: ``"cosine"`` (1 - cosine, in 0 to 2), ``"euclidean"``, or ``"squared"`` for the
            square of that.

    Paper: https://arxiv.org/abs/2002.10445
    """

    def __init__(self, *, k: int = 1, metric: str = "cosine") -> None:
        check_counts(k=k)
        check_choice("metric", metric, METRICS)
        self.k = k
        self.metric = metric
        self.points: np.ndarray | None = None

    @property
    def min_embeddings(self) -> int:
        """Number of embeddings that ``fit`` needs."""
        return self.k

    def fit(self, embeddings: np.ndarray) -> NearestNeighbors:
        """Keep the normal embeddings (N, D), at least k of them.

        Raises:
            ValueError: Not finite, not (N, D), or fewer than k.
        """
        self.points = self._scaled(checked(embeddings, at_least=self.min_embeddings))
        return self

    def score(self, embeddings: np.ndarray) -> np.ndarray:
        """Return the mean distance of embeddings (M, D) to their k nearest: float64 (M,).

        Raises:
            NotFittedError: Before ``fit``.
            ValueError: Not finite, or another width than in ``fit``.
        """
        points = require(self.points, self)
        queries = self._scaled(checked(embeddings, width=points.shape[1]))
        scores = np.empty(len(queries))
        for block in blocks(len(queries), len(points)):
            distances = self._distances(queries[block], points)
            nearest = np.partition(distances, self.k - 1, axis=1)[:, : self.k]
            scores[block] = nearest.mean(axis=1)
        return scores

    def score_without_self(self) -> np.ndarray:
        """Return the mean distance of each normal embedding to its k nearest others: float64 (N,).

        Of fewer than k others all count.

        Raises:
            NotFittedError: Before ``fit``.
        """
        points = require(self.points, self)
        # Each is its own nearest neighbor at distance 0: one more, and the mean over the rest.
        k = min(self.k + 1, len(points))
        whole = NearestNeighbors(k=k, metric=self.metric).restore(self.state())
        return whole.score(points) * k / max(k - 1, 1)

    def state(self) -> dict[str, np.ndarray]:
        """Return the array ``points`` (N, D)."""
        return {"points": require(self.points, self)}

    def restore(self, state: Mapping[str, np.ndarray]) -> NearestNeighbors:
        """Take back what ``state`` returned; for errors see ``Density``."""
        self.points = checked(state["points"], at_least=self.min_embeddings)
        return self

    def _scaled(self, points: np.ndarray) -> np.ndarray:
        return unit_length(points) if self.metric == "cosine" else points

    def _distances(self, queries: np.ndarray, points: np.ndarray) -> np.ndarray:
        if self.metric == "cosine":
            return 1 - queries @ points.T
        squares = squared_distances(queries, points)
        return squares if self.metric == "squared" else np.sqrt(squares)
