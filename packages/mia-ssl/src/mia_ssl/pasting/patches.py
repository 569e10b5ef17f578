"""Patches: the boxes that they are cut from and pasted into."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from mia_ssl.pasting.patch_masks import cut_masks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from mia_ssl.pasting.boxes import Boxes
    from mia_ssl.pasting.patch_masks import PatchMasks


@dataclass(frozen=True)
class Patches:
    """P patches, in the order in which they are pasted.

    Attributes:
        number: Its number among the patches of its image, from 0, int64 [P].
        image: The image that it is pasted into, int64 [P].
        origin: The source image that it is cut from, int64 [P].
        source: The box that it is cut from.
        target: The box that it is pasted into; of another size than the source where it is resized.
        masks: Its foreground, of the target's size.
    """

    number: Tensor
    image: Tensor
    origin: Tensor
    source: Boxes
    target: Boxes
    masks: PatchMasks

    @classmethod
    def of(
        cls,
        source_mask: Tensor,
        number: Tensor,
        image: Tensor,
        origin: Tensor,
        source: Boxes,
        target: Boxes,
    ) -> Patches:
        """Make patches, with their masks cut from the sources' foreground, uint8 [M, H, W]."""
        masks = cut_masks(source_mask, origin, source, target)
        return cls(number, image, origin, source, target, masks)

    def __len__(self) -> int:
        return len(self.image)

    def __getitem__(self, index: Tensor | slice) -> Patches:
        """Return some of them."""
        parts = (self.number, self.image, self.origin, self.source, self.target, self.masks)
        return Patches(*(part[index] for part in parts))  # type: ignore[arg-type]

    def in_turn(self) -> Iterator[Patches]:
        """Yield the first patches of all images, then the second ones, ..., which lie on them."""
        start = 0
        for count in torch.bincount(self.number).tolist():
            if count:
                yield self[start : start + count]
            start += count
