"""The memory that blending reads and writes, and the pixels of boxes in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from mia_ssl.boxes import Boxes


@dataclass(frozen=True, kw_only=True)
class Canvas:
    """A batch that is pasted into; channels come first, so that one index serves all of them.

    Attributes:
        pasted: uint8 [C, N, H, W]; what is pasted is written over it.
        mask: Foreground before anything is pasted, uint8 [N, H, W] of 0 and 1.
        sources: uint8 [C, M, H, W], where patches are cut from; not the memory of ``pasted``.
        source_mask: Its foreground, uint8 [M, H, W].
        factor: How strongly patches are mixed in, float32 [N].
    """

    pasted: Tensor
    mask: Tensor
    sources: Tensor
    source_mask: Tensor
    factor: Tensor

    @property
    def sides(self) -> tuple[int, int]:
        """Height and width of all images."""
        return self.mask.shape[1], self.mask.shape[2]


def groups(boxes: Boxes) -> Iterator[tuple[Tensor, int, int]]:
    """Boxes of similar height together: their indices, and the rows and columns that hold them all.

    Work on a group is work on one padded tensor. Small groups waste less of it on padding, large
    ones take fewer calls: on a CPU calculating is dear, elsewhere calling is.
    """
    size = 8 if boxes.top.device.type == "cpu" else 64
    heights, widths = boxes.height.cpu(), boxes.width.cpu()
    for index in heights.argsort(stable=True).split(size):
        if not len(index):
            return
        yield index.to(boxes.top.device), int(heights[index].max()), int(widths[index].max())


def gather(planes: Tensor, index: Tensor) -> Tensor:
    """Pixels of all channels: [C, N, H, W] at flat indices of any shape -> [C, ...]."""
    flat = index.reshape(-1)
    # Plane by plane: choosing along the first of several dimensions is many times faster on a CPU.
    parts = [plane.reshape(-1).index_select(0, flat) for plane in planes]
    return torch.stack(parts).view(len(planes), *index.shape)
