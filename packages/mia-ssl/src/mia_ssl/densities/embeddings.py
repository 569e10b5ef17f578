"""Checks, scaling and distances of embeddings, shared by all densities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

# Distances held at a time: 2^22 float64 are 32 MB.
_BLOCK = 2**22


def checked(embeddings: Any, *, width: int | None = None, at_least: int = 1) -> np.ndarray:
    """Check embeddings and return them as float64 (N, D).

    Args:
        embeddings: Numbers (N, D).
        width: D that they must have; None for any.
        at_least: N that they must have at least.

    Raises:
        ValueError: Another number of dimensions, too few rows, another width, values not finite.
    """
    array = np.asarray(embeddings)
    if array.ndim != 2 or array.shape[1] == 0 or array.dtype.kind not in "fiu":
        msg = f"expected embeddings as numbers (N, D), got {array.dtype} {array.shape}"
        raise ValueError(msg)
    if len(array) < at_least:
        msg = f"expected at least {at_least} embeddings, got {len(array)}"
        raise ValueError(msg)
    if width is not None and array.shape[1] != width:
        msg = f"expected embeddings of width {width} as in fit, got {array.shape[1]}"
        raise ValueError(msg)
    array = array.astype(np.float64)
    finite = np.isfinite(array).all(axis=1)
    if not finite.all():
        msg = f"expected finite embeddings, got NaN or infinity in row {int(np.argmin(finite))}"
        raise ValueError(msg)
    return array


def unit_length(embeddings: np.ndarray) -> np.ndarray:
    """Scale rows to length 1; a row of zeros stays."""
    lengths = np.linalg.norm(embeddings, axis=1, keepdims=True)
    return embeddings / np.where(lengths > 0, lengths, 1)


def squared_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the squared Euclidean distances of rows (N, D) to rows (M, D): (N, M)."""
    squares = (a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T
    return np.maximum(squares, 0)


def blocks(queries: int, points: int) -> Iterator[slice]:
    """Yield slices of the queries whose distances to all points fit in memory."""
    step = max(1, _BLOCK // points)
    for start in range(0, queries, step):
        yield slice(start, start + step)


def require(value: np.ndarray | None, owner: object) -> np.ndarray:
    """Return a fitted array.

    Raises:
        NotFittedError: There is none yet.
    """
    if value is None:
        msg = f"this {type(owner).__name__} is not fitted: call fit first"
        from sklearn.exceptions import NotFittedError  # a second to import

        raise NotFittedError(msg)
    return value
