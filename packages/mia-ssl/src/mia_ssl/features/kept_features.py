"""Features of the normal images, kept from one pass over them to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from mia_ssl.features.extract import Features

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torch import Tensor


class KeptFeatures:
    """Features of all normal images, if they fit into a part of the memory.

    Computing them takes most of the time of a fit, which passes over the images at least twice: to
    learn them, and to score them. What is kept is what would be computed again.

    Args:
        limit: How many bytes may be kept; if the images' features take more, none are.
    """

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self.clear()

    def clear(self) -> None:
        """Forget them."""
        self._stages: list[Tensor] = []
        self._batches: list[Features] = []  # parts of the stages
        self._is_whole = False

    def through(self, computed: Iterable[Features], count: int) -> Iterator[Features]:
        """Yield the kept features, or those that are computed, which are kept after a whole pass.

        Args:
            computed: Features of the images, batch by batch; not begun where some are kept.
            count: Number of all images.
        """
        if self._is_whole:
            yield from self._batches
            return
        self.clear()
        for features in computed:
            if not self._stages and self._would_fit(features, count):
                self._stages = [_room(stage, count) for stage in features.stages]
            if self._stages:
                self._keep(features)
            yield features
        self._is_whole = bool(self._stages)

    def _would_fit(self, features: Features, count: int) -> bool:
        one = sum(stage[0].nbytes for stage in features.stages)
        return one * count <= self._limit

    def _keep(self, features: Features) -> None:
        start = sum(len(batch.numbers) for batch in self._batches)
        parts = [stage[start : start + len(features.numbers)] for stage in self._stages]
        for part, stage in zip(parts, features.stages, strict=True):
            part.copy_(stage)
        self._batches.append(Features(features.numbers, parts, features.grids))


def _room(stage: Tensor, count: int) -> Tensor:
    """Return memory for a stage of all images, in one piece and in the order of the batch's."""
    channels_last = stage.is_contiguous(memory_format=torch.channels_last)
    order = torch.channels_last if channels_last else torch.contiguous_format
    return torch.empty((count, *stage.shape[1:]), dtype=stage.dtype, memory_format=order)
