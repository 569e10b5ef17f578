"""Scaling of each image's brightness, so that differences between scanners count for less.

A rule is a table from gray level to gray level, made from the histogram of the image's foreground:
the pixels brighter than a twentieth of its brightest one.

- ``percentiles``: the 1st and the 99th percentile of the foreground become 10 % and 90 % of white,
  linearly; what lies beyond keeps its distance until it is black or white.
- ``equalize``: a level becomes the share of the foreground that is not brighter (histogram
  equalization); the background becomes black.

An image whose foreground has one level alone stays as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

RULES = ("percentiles", "equalize")
_BACKGROUND = 1 / 20  # of the brightest level
_ENDS = (0.01, 0.99)
_TARGETS = (0.1 * 255, 0.9 * 255)
_LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601, as Pillow


def scale_brightness(image: NDArray[np.uint8], rule: str) -> NDArray[np.uint8]:
    """Return an image with its brightness scaled.

    Args:
        image: uint8 (C, H, W), gray or RGB. All channels of a color image go through the table of
            its gray levels.
        rule: One of ``RULES``.
    """
    gray = image[0] if len(image) == 1 else _gray(image)
    counts = np.bincount(gray.ravel(), minlength=256)
    levels = np.flatnonzero(counts)
    foreground = levels[levels > levels[-1] * _BACKGROUND]
    if len(foreground) < 2:
        return image
    shares = np.zeros(256)
    shares[foreground] = counts[foreground]
    shares = np.cumsum(shares) / shares.sum()
    table = 255 * shares if rule == "equalize" else _linear(shares)
    return np.clip(np.rint(table), 0, 255).astype(np.uint8)[image]


def _linear(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the table that brings the percentiles to their targets."""
    low, high = (int(np.searchsorted(shares, end - 1e-12)) for end in _ENDS)
    slope = (_TARGETS[1] - _TARGETS[0]) / max(high - low, 1)
    return _TARGETS[0] + slope * (np.arange(256, dtype=np.float64) - low)


def _gray(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    weights = np.array(_LUMA)[:, None, None]
    return np.rint((image * weights).sum(0)).astype(np.uint8)
