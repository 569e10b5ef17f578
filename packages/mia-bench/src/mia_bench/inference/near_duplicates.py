"""Images that are nearly the same: one picture saved twice, in another format, size or brightness.

The rule: both are reduced to gray thumbnails of 16 x 16 means, shifted to the mean 0 and scaled to
the length 1. They are near-duplicates where their thumbnails differ by at most 0.05 in length, and
by at most a tenth of what the images of the set usually (in the median) differ from their mean: so
images that are all of one view are no near-duplicates of each other. Images without any structure,
whose thumbnails have a standard deviation below half a gray level, are near-duplicates of each
other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

SIDE = 16
MOST = 0.05  # difference of the thumbnails of near-duplicates
SHARE = 0.1  # of the usual difference from the mean
_LEAST = 1e-3  # of equal ones, for the rounding of float32
_FLAT = 0.5  # gray levels
_AT_ONCE = 512  # images


def thumbnails(images: np.ndarray) -> np.ndarray:
    """Return the thumbnails of uint8 images (N, C, H, W): float32 (N, 256), of length 1 or 0."""
    rows, columns = (_means(side) for side in images.shape[2:])
    small = np.empty((len(images), SIDE * SIDE), np.float32)
    for start in range(0, len(images), _AT_ONCE):
        part = np.asarray(images[start : start + _AT_ONCE]).mean(1, dtype=np.float32)
        small[start : start + _AT_ONCE] = (rows @ part @ columns.T).reshape(len(part), -1)
    small -= small.mean(1, keepdims=True)
    length = np.linalg.norm(small, axis=1, keepdims=True)
    flat = length < _FLAT * SIDE
    return np.where(flat, 0, small / np.maximum(length, _FLAT * SIDE))


def near_duplicates(images: np.ndarray) -> Iterator[tuple[int, int]]:
    """Yield each pair of near-duplicates among uint8 images (N, C, H, W), in any order."""
    small = thumbnails(images)
    radius = find_radius(small)
    # Images are compared with those alone whose first component is as near as the whole must be.
    place = small @ _direction(small)
    order = np.argsort(place, kind="stable")
    place = place[order]
    for start in range(0, len(order), _AT_ONCE):
        stop = min(start + _AT_ONCE, len(order))
        end = int(np.searchsorted(place, place[stop - 1] + radius, side="right"))
        first, second = small[order[start:stop]], small[order[start:end]]
        squared = (first**2).sum(1)[:, None] + (second**2).sum(1) - 2 * first @ second.T
        for i, j in zip(*np.nonzero(squared <= radius**2), strict=True):
            if i < j:
                yield int(order[start + i]), int(order[start + j])


def find_radius(small: np.ndarray) -> float:
    """Return the largest difference of near-duplicates among thumbnails (N, 256)."""
    usual = float(np.median(np.linalg.norm(small - small.mean(0), axis=1)))
    return max(min(MOST, SHARE * usual), _LEAST)


def _means(side: int) -> np.ndarray:
    """Return the matrix (SIDE, side) that gives the means of equal parts of a row of pixels."""
    edges = np.linspace(0, side, SIDE + 1)
    pixel = np.arange(side)
    overlap = np.minimum(edges[1:, None], pixel + 1) - np.maximum(edges[:-1, None], pixel)
    return (np.clip(overlap, 0, None) * SIDE / side).astype(np.float32)


def _direction(small: np.ndarray) -> np.ndarray:
    """Return the unit vector (256,) along which the thumbnails differ most."""
    centered = small - small.mean(0)
    vectors: np.ndarray = np.linalg.eigh(centered.T @ centered)[1]
    return vectors[:, -1]
