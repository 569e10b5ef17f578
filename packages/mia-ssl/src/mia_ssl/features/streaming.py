"""Mean and covariance of vectors that come in batches, and checks of what is restored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor


class StreamingCovariance:
    """Mean and covariance, updated batch by batch without keeping the vectors.

    Args:
        shape: Shape of one observation, [..., D]; each of the leading places has a covariance of
            its own.
        dtype: Of the sums.

    Attributes:
        count: Vectors so far, of each place.
        mean: [..., D].
        scatter: Sum of the outer products of the deviations from the mean, [..., D, D].

    Paper: https://doi.org/10.1007/978-3-642-51461-6_3 (the update)
    """

    def __init__(self, *shape: int, dtype: torch.dtype = torch.float64) -> None:
        self.count = 0
        self.mean = torch.zeros(shape, dtype=dtype)
        self.scatter = torch.zeros(*shape, shape[-1], dtype=dtype)

    def update(self, vectors: Tensor) -> None:
        """Take in n observations, [n, ..., D]."""
        n = len(vectors)
        vectors = vectors.to(self.mean.dtype)
        mean = vectors.mean(0)
        centered = (vectors - mean).movedim(0, -2)  # [..., n, D]
        shift = mean - self.mean
        total = self.count + n
        self.scatter += centered.mT @ centered
        outer = shift[..., :, None] * shift[..., None, :]
        self.scatter += outer * (self.count * n / total)
        self.mean += shift * (n / total)
        self.count = total

    def covariance(self) -> Tensor:
        """Return the covariance, divided by the count less one: [..., D, D]."""
        return self.scatter / max(self.count - 1, 1)


def whitening(covariance: Tensor) -> Tensor:
    """Return W [..., D, D] with W W' the inverse of a covariance: |(x - mean) W| is a distance.

    Raises:
        ValueError: A covariance that is singular.
    """
    factor, info = torch.linalg.cholesky_ex(covariance)
    if info.any():
        msg = "expected a covariance of full rank, got a singular one: are there enough images?"
        raise ValueError(msg)
    unit = torch.eye(covariance.shape[-1], dtype=covariance.dtype)
    return torch.linalg.solve_triangular(factor, unit.expand_as(factor), upper=False).mT


def restored(state: Mapping[str, Tensor], name: str, dimensions: int) -> Tensor:
    """Return a saved tensor once it is known to be usable.

    Raises:
        KeyError: It is missing.
        ValueError: Another number of dimensions, or NaN or infinity.
    """
    value = state[name]
    if not isinstance(value, torch.Tensor) or value.ndim != dimensions:
        got = tuple(value.shape) if isinstance(value, torch.Tensor) else value
        msg = f"expected {name} of {dimensions} dimensions, got {got}"
        raise ValueError(msg)
    if not torch.isfinite(value).all():
        msg = f"expected {name} to be finite, got NaN or infinity"
        raise ValueError(msg)
    return value
