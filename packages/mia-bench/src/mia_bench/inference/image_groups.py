"""Groups of normal images that stay together: those of a patient, and near-duplicates."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from mia_bench.inference.near_duplicates import near_duplicates

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence


def group_images(images: np.ndarray, patients: Sequence[Hashable] | None = None) -> np.ndarray:
    """Return the group of each image: int64 (N,), numbered from 0 by their first images.

    Images of a patient are one group, near-duplicates are one group, and groups that share an image
    are one.

    Args:
        images: uint8 (N, C, H, W).
        patients: The patient of each image; None where nothing is known of them.
    """
    first: dict[Hashable, int] = {}
    known = [(first.setdefault(patient, i), i) for i, patient in enumerate(patients or ())]
    return _components(len(images), chain(known, near_duplicates(images)))


def _components(count: int, links: Iterable[tuple[int, int]]) -> np.ndarray:
    """Return the connected component of each of ``count`` things."""
    parent = list(range(count))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for i, j in links:
        low, high = sorted((root(i), root(j)))
        parent[high] = low
    # The root of a component is its first image, so that the numbers rise with the images.
    return np.unique([root(i) for i in range(count)], return_inverse=True)[1].reshape(-1)
