"""Where an image shows something, and how much of any box that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from mia_ssl.one_stage.filters.medians import binary_median
from mia_ssl.one_stage.filters.windows import above, cached

if TYPE_CHECKING:
    from torch import Tensor

MEDIAN = 7  # removes grains of the threshold


@dataclass(frozen=True)
class Foreground:
    """Foreground of N images.

    Attributes:
        mask: uint8 [N, H, W] of 0 and 1.
        table: What ``counts_down`` makes of it.
    """

    mask: Tensor
    table: Tensor

    @classmethod
    def of(cls, planes: Tensor, threshold: int | None) -> Foreground:
        """See ``foreground``."""
        mask = torch.cat([foreground(part, threshold) for part in cached(planes)])
        return cls(mask, counts_down(mask))

    def rows(self, chosen: slice) -> Foreground:
        """That of some images."""
        return Foreground(self.mask[chosen], self.table[chosen])


def foreground(planes: Tensor, threshold: int | None) -> Tensor:
    """1 where the mean of the channels is above the threshold, median filtered.

    Args:
        planes: uint8 [C, N, H, W].
        threshold: Gray level, 0 to 255; None: everything is foreground.

    Returns:
        uint8 [N, H, W] of 0 and 1.
    """
    if threshold is None:
        return torch.ones(planes.shape[1:], dtype=torch.uint8, device=planes.device)
    if len(planes) == 1:
        bright = above(planes[0], threshold)
    else:
        bright = above(planes.sum(0, dtype=torch.int16), threshold * len(planes))
    return binary_median(bright, MEDIAN)


def counts_down(mask: Tensor) -> Tensor:
    """Ones above each row: [N, H, W] of 0 and 1 -> [N, H + 1, W].

    The count in a box is a difference of two of its rows, summed over its columns.
    """
    count, height, width = mask.shape
    dtype = torch.uint8 if height < 256 else torch.int16  # the smallest that can hold a column
    if mask.device.type != "cpu":
        table = torch.zeros((count, height + 1, width), dtype=dtype, device=mask.device)
        torch.cumsum(mask, 1, dtype=dtype, out=table[:, 1:])
        return table
    # A CPU's cumsum goes column by column; adding row to row is ten times faster.
    table = torch.empty((count, height + 1, width), dtype=dtype)
    table[:, 0] = 0
    rows = table.unbind(1)
    for above_row, row, below_row in zip(rows[:-1], mask.unbind(1), rows[1:], strict=True):
        torch.add(above_row, row, out=below_row)
    return table


def share(
    table: Tensor, image: Tensor, top: Tensor, left: Tensor, height: Tensor, width: Tensor
) -> Tensor:
    """Share of ones in boxes.

    Args:
        table: What ``counts_down`` gives, [N, H + 1, W].
        image: Which image, int64 [P].
        top: int64 [P, K], K boxes in each; so is ``left``.
        left: First column.
        height: Rows of the boxes, int64 [P, K]; so is ``width``.
        width: Columns.

    Returns:
        float64 [P, K].
    """
    columns = table.shape[2]
    lines = table.view(-1, columns)
    upper = image[:, None] * table.shape[1] + top
    counts = lines.index_select(0, (upper + height).reshape(-1))
    counts -= lines.index_select(0, upper.reshape(-1))
    along = torch.zeros((len(counts), columns + 1), dtype=torch.int32, device=table.device)
    torch.cumsum(counts, 1, dtype=torch.int32, out=along[:, 1:])
    first = left.reshape(-1, 1)
    ends = along.gather(1, torch.cat((first, first + width.reshape(-1, 1)), 1))
    return ((ends[:, 1] - ends[:, 0]).double() / (height * width).reshape(-1)).view(top.shape)
