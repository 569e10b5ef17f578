"""Features of the normal images, kept from one pass over them to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mia_ssl.features.extract import Features


class KeptFeatures:
    """Features of all normal images, as long as they fit into a part of the memory.

    Computing them takes most of the time of a fit, which passes over the images at least twice: to
    learn them, and to score them. What is kept is what would be computed again.

    Args:
        limit: How many bytes may be kept; if the images' features take more, none are.
    """

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._kept: list[Features] | None = None

    def through(self, computed: Iterable[Features]) -> Iterator[Features]:
        """Yield the kept features, or those that are computed, which are kept after a whole pass.

        Args:
            computed: Features of the images, batch by batch; not begun where some are kept.
        """
        if self._kept is not None:
            yield from self._kept
            return
        size = 0
        kept: list[Features] = []
        for features in computed:
            size += features.nbytes
            if size > self._limit:
                kept.clear()
            else:
                kept.append(features)
            yield features
        if size <= self._limit:
            self._kept = kept

    def clear(self) -> None:
        """Forget them."""
        self._kept = None
