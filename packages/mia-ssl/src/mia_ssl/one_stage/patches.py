"""Patches: where they are cut from and where they are pasted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from mia_ssl.boxes import Boxes


@dataclass(frozen=True)
class Patches:
    """P patches, in the order in which they are pasted.

    Attributes:
        number: Whether it is its image's first, second, ..., from 0, int64 [P].
        image: The image that it is pasted into, int64 [P].
        origin: The source image that it is cut from, int64 [P].
        source: Where it is cut from.
        target: Where it goes; of another size than the source where it is resized.
    """

    number: Tensor
    image: Tensor
    origin: Tensor
    source: Boxes
    target: Boxes

    def __len__(self) -> int:
        return len(self.image)

    def __getitem__(self, index: Tensor | slice) -> Patches:
        """Some of them."""
        parts = (self.number, self.image, self.origin, self.source, self.target)
        return Patches(*(part[index] for part in parts))  # type: ignore[arg-type]

    def in_turn(self) -> Iterator[Patches]:
        """First patches, then second ones, ...: later ones lie on earlier ones."""
        start = 0
        for count in torch.bincount(self.number).tolist():
            if count:
                yield self[start : start + count]
            start += count
