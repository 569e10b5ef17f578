"""The foreground of images, and boxes that hold enough of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import torch

from mia_ssl.filters.medians import median_above
from mia_ssl.memory import on_cpu

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from mia_ssl.pasting.boxes import Boxes

MEDIAN = 7  # removes grains of the threshold
THRESHOLD = 20  # gray level above which the study counts a pixel as foreground


@dataclass(frozen=True)
class Foreground:
    """Foreground of N images.

    Attributes:
        mask: uint8 [N, H, W] of 0 and 1.
    """

    mask: Tensor

    @classmethod
    def of(cls, planes: Tensor, threshold: int | None) -> Foreground:
        """Find the foreground of planes, see ``foreground``."""
        return cls(foreground(planes, threshold))

    def rows(self, chosen: slice) -> Foreground:
        """Return that of some images."""
        return Foreground(self.mask[chosen])

    def first(self, image: Tensor, boxes: Boxes, least: float) -> tuple[Tensor, Tensor]:
        """Find the first of several boxes that has more than a share of foreground.

        Args:
            image: The image of each row of boxes, int64 [P].
            boxes: [P, K].
            least: The share to pass.

        Returns:
            Two tensors [P]: bool, whether there is one, and int64, its number among K.
        """
        if on_cpu(self.mask):  # counts fewer than half as many, and needs no table
            chosen = torch.tensor(list(self._one_by_one(image, boxes, least)), dtype=torch.long)
            return chosen >= 0, chosen
        good = share(self._table, image, boxes) > least
        return good.any(1), good.byte().argmax(1)

    def _one_by_one(self, image: Tensor, boxes: Boxes, least: float) -> Iterator[int]:
        """Yield the number of the box, or -1."""
        masks = self.mask.numpy().view(np.bool_)
        corners = torch.stack(
            (boxes.top, boxes.top + boxes.height, boxes.left, boxes.left + boxes.width), -1
        )
        for number, tried in zip(image.tolist(), corners.tolist(), strict=True):
            mask = masks[number]
            for place, (top, bottom, left, right) in enumerate(tried):
                inside = np.count_nonzero(mask[top:bottom, left:right])
                if inside / ((bottom - top) * (right - left)) > least:
                    yield place
                    break
            else:
                yield -1

    @cached_property
    def _table(self) -> Tensor:
        return counts_down(self.mask)


def foreground(planes: Tensor, threshold: int | None) -> Tensor:
    """Return 1 where the mean of the channels is above the threshold, median filtered.

    Args:
        planes: uint8 [C, N, H, W].
        threshold: Gray level, 0 to 255; None: everything is foreground.

    Returns:
        uint8 [N, H, W] of 0 and 1.
    """
    if threshold is None:
        return torch.ones(planes.shape[1:], dtype=torch.uint8, device=planes.device)
    gray = planes[0] if len(planes) == 1 else planes.sum(0, dtype=torch.int16)
    return median_above(gray, MEDIAN, threshold * len(planes))


def counts_down(mask: Tensor) -> Tensor:
    """Count the ones above each row: [N, H, W] of 0 and 1 -> [N, H + 1 or more, W].

    The count in a box is a difference of two of its rows, summed over its columns. Rows after
    H + 1 are filler.
    """
    count, height, width = mask.shape
    dtype = torch.uint8 if height < 256 else torch.int16  # the smallest that can hold a column
    # A CPU's cumsum goes column by column; adding rows to rows is twenty times faster. First inside
    # blocks of rows, then block to block: about 2 sqrt(H) additions instead of H.
    step = math.isqrt(height)
    blocks = math.ceil(height / step)
    table = torch.zeros((count, blocks * step + 1, width), dtype=dtype, device=mask.device)
    table[:, 1 : height + 1] = mask
    block = table[:, 1:].unflatten(1, (blocks, step))
    for upper, lower in pairwise(block.unbind(2)):
        lower.add_(upper)
    for upper, lower in pairwise(block.unbind(1)):
        lower.add_(upper[:, -1:])
    return table


def share(table: Tensor, image: Tensor, boxes: Boxes) -> Tensor:
    """Return the share of ones in boxes.

    Args:
        table: From ``counts_down``.
        image: The image of each row of boxes, int64 [P].
        boxes: [P, K].

    Returns:
        float64 [P, K].
    """
    columns = table.shape[2]
    lines = table.view(-1, columns)
    upper = image[:, None] * table.shape[1] + boxes.top
    counts = lines.index_select(0, (upper + boxes.height).view(-1))
    counts -= lines.index_select(0, upper.view(-1))
    along = torch.zeros((len(counts), columns + 1), dtype=torch.int32, device=table.device)
    torch.cumsum(counts, 1, dtype=torch.int32, out=along[:, 1:])
    first = boxes.left.reshape(-1, 1)
    ends = along.gather(1, torch.cat((first, first + boxes.width.reshape(-1, 1)), 1))
    inside = (ends[:, 1] - ends[:, 0]).view(upper.shape)
    return inside.double() / boxes.areas
