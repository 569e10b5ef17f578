"""Blurred rectangles and ellipses, as opacities in 0 to 1."""

from __future__ import annotations

from functools import lru_cache

import numpy as np


def soft_rectangle(h: int, w: int, margin: int, kernel: np.ndarray, *, out: np.ndarray) -> None:
    """Write the blurred rectangle inside the margins of an h x w patch, in 0 to 1."""
    rows, columns = within_margin(h, margin), within_margin(w, margin)
    np.multiply.outer(kernel[:h, rows].sum(1), kernel[:w, columns].sum(1), out=out)


def soft_ellipse(h: int, w: int, margin: int, kernel: np.ndarray, *, out: np.ndarray) -> None:
    """Write the blurred ellipse that touches the margins of an h x w patch, in 0 to 1."""
    rows, columns = within_margin(h, margin), within_margin(w, margin)
    squares = np.add.outer(squared_distance(rows), squared_distance(columns))
    ellipse = (squares <= 1).astype(np.float32)
    np.matmul(kernel[:h, rows] @ ellipse, kernel[columns, :w], out=out)


def centered_shape(
    rows: np.ndarray, columns: np.ndarray, reach_down: int, reach_across: int, is_ellipse: bool
) -> np.ndarray:
    """Return a sharp shape, 1 inside and 0 outside: float32 (H, W).

    Args:
        rows: Distance of each row from the shape's middle row, (H,).
        columns: Distance of each column from its middle column, (W,).
        reach_down: Rows of the shape on either side of the middle one.
        reach_across: Columns of the shape on either side of the middle one.
        is_ellipse: Whether it is an ellipse rather than a rectangle.
    """
    down, across = np.abs(rows) / (reach_down + 0.5), np.abs(columns) / (reach_across + 0.5)
    if is_ellipse:
        return (np.add.outer(down**2, across**2) <= 1).astype(np.float32)
    return (np.maximum.outer(down, across) <= 1).astype(np.float32)


def within_margin(length: int, margin: int) -> slice:
    """Return the part of a line inside the margins around its middle; at least the middle.

    As far on either side of the middle pixel, which of an even number is the second of two.
    """
    middle = length // 2
    reach = max(middle - margin, 0)
    return slice(middle - reach, min(middle + reach + 1, length))


def squared_distance(line: slice) -> np.ndarray:
    """Return each pixel's squared distance from the middle of a line, 1 at its ends."""
    half = (line.stop - line.start) / 2
    return (np.arange(0.5 - half, half) / half) ** 2


@lru_cache(maxsize=64)
def blur_matrix(sigma: float, size: int) -> np.ndarray:
    """Return the Gaussian blur of a line as a symmetric matrix, float32 [size, size].

    Its first h rows and columns blur a line of h pixels that is 0 beyond its ends. With a standard
    deviation of 0 it is the identity.
    """
    if sigma == 0:
        return np.eye(size, dtype=np.float32)
    steps = np.arange(size)
    weights = np.exp(-((steps[:, None] - steps) ** 2) / (2 * sigma**2))
    whole = np.arange(-size, size + 1)
    return np.float32(weights / np.exp(-(whole**2) / (2 * sigma**2)).sum())
