"""Scaling of deep intensities (12 or 16 bits, Hounsfield units, floats) to 8 bits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# What the darkest and the brightest 0.5 % are clipped to where no window is given: a few hot
# pixels then do not decide the contrast of the whole image.
_PERCENTILES = (0.5, 99.5)

Window = tuple[float, float]


def to_uint8(values: NDArray[Any], window: Window | None) -> NDArray[np.uint8]:
    """Map values linearly to 0..255, clipped outside the window.

    ``window`` is (low, high); without one the image's own 0.5 and 99.5 percentiles are taken. If
    the two are equal, values above become 255 and all others 0; a constant image becomes 0.

    Raises:
        ValueError: A value is not finite.
    """
    if not np.isfinite(values).all():
        msg = "it holds NaN or infinite values"
        raise ValueError(msg)
    low, high = window if window is not None else _own_window(values)
    if high <= low:
        return (values > low) * np.uint8(255)
    scaled = (values.astype(np.float64) - low) * (255.0 / (high - low))
    return np.clip(np.rint(scaled), 0, 255).astype(np.uint8)


def _own_window(values: NDArray[Any]) -> Window:
    low, high = np.percentile(values, _PERCENTILES)
    if high <= low:
        # Percentiles of an image with very few bright pixels can coincide.
        low, high = values.min(), values.max()
    return float(low), float(high)
