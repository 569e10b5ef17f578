"""One Gaussian around the normal embeddings."""

from __future__ import annotations

import numpy as np
from sklearn.covariance import ledoit_wolf

from mia_ssl.densities.embeddings import checked, require, unit_length


class GaussianDensity:
    """Mahalanobis distance to the mean, under a covariance shrunk by Ledoit and Wolf's rule.

    The shrinkage keeps the covariance positive definite with fewer embeddings than dimensions.

    Args:
        l2_normalise: Scale every embedding to length 1 first.

    Paper: https://arxiv.org/abs/2104.04015 (the score); https://doi.org/10.1016/S0047-259X(03)00096-4
    (the covariance).
    """

    def __init__(self, *, l2_normalise: bool = True) -> None:
        self.l2_normalise = l2_normalise
        self.mean: np.ndarray | None = None
        self.whitening: np.ndarray | None = None

    def fit(self, embeddings: np.ndarray) -> GaussianDensity:
        """Learn mean and covariance from at least 2 normal embeddings (N, D).

        Raises:
            ValueError: Not finite, not (N, D), fewer than 2, or all the same.
        """
        points = self._scaled(checked(embeddings, at_least=2))
        covariance, _ = ledoit_wolf(points)
        try:
            factor = np.linalg.cholesky(covariance)
        except np.linalg.LinAlgError as error:
            msg = f"the covariance of these {len(points)} embeddings is singular: are they the same"
            raise ValueError(f"{msg} image over and over?") from error
        # distance = |(x - mean) W| with W W' the inverse covariance: never negative by rounding.
        self.whitening = np.linalg.inv(factor).T.copy()
        self.mean = points.mean(axis=0)
        return self

    def score(self, embeddings: np.ndarray) -> np.ndarray:
        """Mahalanobis distance of each embedding (M, D): float64 (M,), 0 or above.

        Raises:
            NotFittedError: Before ``fit``.
            ValueError: Not finite, or another width than in ``fit``.
        """
        mean = require(self.mean, self)
        whitening = require(self.whitening, self)
        points = self._scaled(checked(embeddings, width=len(mean)))
        return np.linalg.norm((points - mean) @ whitening, axis=1)

    def state(self) -> dict[str, np.ndarray]:
        """``mean`` (D,) and ``whitening`` (D, D)."""
        return {"mean": require(self.mean, self), "whitening": require(self.whitening, self)}

    def restore(self, state: dict[str, np.ndarray]) -> GaussianDensity:
        """Take back what ``state`` gave."""
        self.mean, self.whitening = state["mean"], state["whitening"]
        return self

    def _scaled(self, points: np.ndarray) -> np.ndarray:
        return unit_length(points) if self.l2_normalise else points
