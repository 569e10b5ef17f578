"""Building blocks of the drawings: random numbers, smooth noise, soft edges, ellipses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
Ranges = Mapping[str, tuple[float, float]]


def uniform(rngs: Sequence[np.random.Generator], ranges: Ranges) -> dict[str, Array]:
    """Draw one number per range and image, as arrays (N, 1, 1) that broadcast over pixels."""
    low, high = np.array(list(ranges.values())).T
    drawn = np.stack([rng.uniform(low, high) for rng in rngs]).astype(np.float32)
    return {name: drawn[:, i, None, None] for i, name in enumerate(ranges)}


def smooth_noise(rngs: Sequence[np.random.Generator], cells: int, x: Array, y: Array) -> Array:
    """Draw a grid of normal numbers for each image and interpolate it at x, y in [-1, 1].

    The noise belongs to the anatomy, not to the pixels: it looks the same at every image size.
    """
    grid = np.stack([rng.standard_normal((cells + 1, cells + 1)) for rng in rngs])
    grid = grid.astype(np.float32)
    column, row = ((np.clip(v, -1, 1) + 1) * (cells / 2) for v in (x, y))
    left, top = (np.minimum(v.astype(np.intp), cells - 1) for v in (column, row))
    # Smooth instead of linear weights hide the grid.
    right_weight, bottom_weight = smooth_step(column - left), smooth_step(row - top)
    below = cells + 1
    corner = np.arange(len(grid))[:, None, None] * below**2 + top * below + left
    upper = _mix(grid.take(corner), grid.take(corner + 1), right_weight)
    corner += below
    lower = _mix(grid.take(corner), grid.take(corner + 1), right_weight)
    return _mix(upper, lower, bottom_weight)


def smooth_step(x: Array) -> Array:
    """Return a smooth step from 0 at x <= 0 to 1 at x >= 1."""
    t = np.clip(x, 0, 1)
    return t * t * (3 - 2 * t)


def inside(distance: Array, edge: float | Array) -> Array:
    """Return the cover (0 to 1) of a signed distance, negative inside, soft over ``edge``."""
    return smooth_step(0.5 - distance / edge)


def ellipse(
    x: Array, y: Array, center: tuple[Array, Array], radii: tuple[Array, Array], angle: Array
) -> Array:
    """Return the approximate signed distance to a turned ellipse."""
    cos, sin = np.cos(angle), np.sin(angle)
    dx, dy = x - center[0], y - center[1]
    u, v = (dx * cos + dy * sin) / radii[0], (dy * cos - dx * sin) / radii[1]
    return (np.sqrt(u * u + v * v) - 1) * np.minimum(radii[0], radii[1])


def _mix(a: Array, b: Array, weight: Array) -> Array:
    return a + (b - a) * weight
