"""Groups of normal images that stay together: of a patient or a volume, and near-duplicates."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from mia_bench.inference.near_duplicates import near_duplicates

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Sequence


def group_images(images: np.ndarray, *known: Sequence[Hashable] | None) -> np.ndarray:
    """Return the group of each image: int64 (N,), numbered from 0 by their first images.

    Images of a patient or a volume are one group, near-duplicates are one group, and groups that
    share an image are one.

    Args:
        images: uint8 (N, C, H, W).
        known: What images belong to, such as the patient of each, or the volume; None where it is
            not known.
    """
    links = chain.from_iterable(_links(each) for each in known if each is not None)
    return _components(len(images), chain(links, near_duplicates(images)))


def _links(groups: Sequence[Hashable]) -> Iterator[tuple[int, int]]:
    """Yield each image with the first one of its group."""
    first: dict[Hashable, int] = {}
    return ((first.setdefault(group, i), i) for i, group in enumerate(groups))


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
