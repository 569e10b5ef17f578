"""Gaussian density of normal embeddings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mia_ssl._engine.options import check_flag
from mia_ssl.densities.embeddings import checked, require, unit_length

if TYPE_CHECKING:
    from collections.abc import Mapping


class GaussianDensity:
    """Mahalanobis distance to the mean, under a covariance shrunk by Ledoit and Wolf's rule.

    The shrinkage keeps the covariance positive definite with fewer embeddings than dimensions.

    Args:
        l2_normalize: Whether every embedding is scaled to length 1 first.

    Paper: https://arxiv.org/abs/2104.04015 (the score); https://doi.org/10.1016/S0047-259X(03)00096-4
    (the covariance).
    """

    min_embeddings = 3  # of two, the rule shrinks nothing, and their covariance is singular

    def __init__(self, *, l2_normalize: bool = True) -> None:
        check_flag(l2_normalize=l2_normalize)
        self.l2_normalize = l2_normalize
        self.mean: np.ndarray | None = None
        self.whitening: np.ndarray | None = None

    def fit(self, embeddings: np.ndarray) -> GaussianDensity:
        """Learn mean and covariance from at least 3 normal embeddings (N, D).

        Raises:
            ValueError: Not finite, not (N, D), fewer than 3, or too few different ones.
        """
        from sklearn.covariance import ledoit_wolf  # a second to import

        points = self._scaled(checked(embeddings, at_least=self.min_embeddings))
        covariance, _ = ledoit_wolf(points)
        try:
            factor = np.linalg.cholesky(covariance)
        except np.linalg.LinAlgError as error:
            msg = f"the covariance of these {len(points)} embeddings is singular: "
            msg += f"are they those of fewer than {self.min_embeddings} different images?"
            raise ValueError(msg) from error
        # distance = |(x - mean) W| with W W' the inverse covariance: never negative by rounding.
        self.whitening = np.linalg.inv(factor).T.copy()
        self.mean = points.mean(axis=0)
        return self

    def score(self, embeddings: np.ndarray) -> np.ndarray:
        """Return the Mahalanobis distance of embeddings (M, D): float64 (M,), 0 or above.

        Raises:
            NotFittedError: Before ``fit``.
            ValueError: Not finite, or another width than in ``fit``.
        """
        mean = require(self.mean, self)
        whitening = require(self.whitening, self)
        points = self._scaled(checked(embeddings, width=len(mean)))
        return np.linalg.norm((points - mean) @ whitening, axis=1)

    def state(self) -> dict[str, np.ndarray]:
        """Return the arrays ``mean`` (D,) and ``whitening`` (D, D)."""
        return {"mean": require(self.mean, self), "whitening": require(self.whitening, self)}

    def restore(self, state: Mapping[str, np.ndarray]) -> GaussianDensity:
        """Take back what ``state`` returned; for errors see ``Density``."""
        mean, whitening = np.asarray(state["mean"]), np.asarray(state["whitening"])
        if mean.ndim != 1 or whitening.shape != (len(mean), len(mean)):
            msg = f"expected mean (D,) and whitening (D, D), got {mean.shape}, {whitening.shape}"
            raise ValueError(msg)
        self.mean, self.whitening = checked(mean[None])[0], checked(whitening)
        return self

    def _scaled(self, points: np.ndarray) -> np.ndarray:
        return unit_length(points) if self.l2_normalize else points
