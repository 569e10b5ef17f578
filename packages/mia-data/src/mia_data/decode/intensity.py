"""Scaling of deep intensities (12 or 16 bits, Hounsfield units, floats) to 8 bits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

# What the darkest and the brightest 0.5 % are clipped to where no window is given: a few hot
# pixels then do not decide the contrast of the whole image.
_PERCENTILES = (0.5, 99.5)

Window = tuple[float, float]


def to_uint8(
    values: NDArray[Any], window: Window | None, *, without: NDArray[np.bool_] | None = None
) -> NDArray[np.uint8]:
    """Map values linearly to 0..255, clipped outside the window.

    ``window`` is (low, high); without one the image's own 0.5 and 99.5 percentiles are taken. If
    the two are equal, values above become 255 and all others 0; a constant image becomes 0.

    Args:
        values: The values.
        window: The values that become 0 and 255.
        without: Values that mean nothing; percentiles are taken of the others, and they become 0.

    Raises:
        ValueError: A value is not finite.
    """
    if without is not None:
        if without.all():
            return np.zeros(values.shape, np.uint8)
        inside = values[~without]
        gray = np.zeros(values.shape, np.uint8)
        gray[~without] = to_uint8(inside, window)
        return gray
    if not np.isfinite(values).all():
        msg = "it holds NaN or infinite values"
        raise ValueError(msg)
    low, high = window if window is not None else _own_window(values)
    if high <= low:
        return (values > low) * np.uint8(255)
    scaled = (values.astype(np.float64) - low) * (255.0 / (high - low))
    return np.clip(np.rint(scaled), 0, 255).astype(np.uint8)


def percentile_window(parts: Iterable[NDArray[Any]]) -> Window | None:
    """Return the window that ``to_uint8`` takes by itself for several arrays as one; None for none.

    Each array is counted by its different values, so that only these are held for all of them.

    Raises:
        ValueError: A value is not finite.
    """
    values, counts = np.empty(0), np.empty(0, np.int64)
    for part in parts:
        found, times = np.unique(part, return_counts=True)
        if not np.isfinite(found).all():
            msg = "it holds NaN or infinite values"
            raise ValueError(msg)
        values, places = np.unique(np.concatenate([values, found]), return_inverse=True)
        counts = np.bincount(places, np.concatenate([counts, times]), len(values)).astype(np.int64)
    if not len(values):
        return None
    ends = np.cumsum(counts)
    low, high = (_percentile(values, ends, percent) for percent in _PERCENTILES)
    return (low, high) if low < high else (float(values[0]), float(values[-1]))


def _percentile(values: NDArray[Any], ends: NDArray[np.int64], percent: float) -> float:
    """Return a percentile of sorted values, of which the i-th stands before place ``ends[i]``."""
    place = (ends[-1] - 1) * percent / 100
    below = int(place)
    first, second = (
        float(values[np.searchsorted(ends, min(i, ends[-1] - 1), side="right")])
        for i in (below, below + 1)
    )
    return first + (second - first) * (place - below)


def _own_window(values: NDArray[Any]) -> Window:
    low, high = np.percentile(values, _PERCENTILES)
    if high <= low:
        # Percentiles of an image with very few bright pixels can coincide.
        low, high = values.min(), values.max()
    return float(low), float(high)
