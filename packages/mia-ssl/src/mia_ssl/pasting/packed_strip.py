"""Boxes of many images, packed one below the other into one tall, narrow image.

A filter of the strip filters all boxes at once, and little more: patches cover a small share of
their images.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch

from mia_ssl.memory import on_cpu
from mia_ssl.pasting.paste_regions import Regions

if TYPE_CHECKING:
    from torch import Tensor

    from mia_ssl.pasting.boxes import Boxes

WIDTH = 64  # columns of the strip; wider boxes are cut into several


class PackedStrip:
    """A strip with places for P boxes and a margin around each.

    Margins never overlap in the strip. Those that lie outside the image repeat its border.

    Args:
        image: The image that each box lies in, int64 [P].
        boxes: [P].
        margin: Pixels around each box.
    """

    def __init__(self, image: Tensor, boxes: Boxes, margin: int) -> None:
        self.image, self.boxes = _pieces(image, boxes, WIDTH - 2 * margin)
        self.margin = margin
        self._heights = self.boxes.height + 2 * margin
        self._first = self._heights.cumsum(0) - self._heights

    @cached_property
    def rows(self) -> int:
        """Return the rows of the strip."""
        return int(self._heights.sum())

    def cut(self, *stacks: Tensor) -> list[Tensor]:
        """Copy the boxes and their margins out of each [C, N, H, W] into a new [C, rows, WIDTH]."""
        if on_cpu(stacks[0]):
            return self._whole_lines(stacks)
        height, width = stacks[0].shape[2:]
        device = stacks[0].device
        piece = torch.arange(len(self.image), device=device)
        piece = piece.repeat_interleave(self._heights, output_size=self.rows)
        first = self._first + self.margin - self.boxes.top
        row = (torch.arange(self.rows, device=device) - first[piece]).clamp(0, height - 1)
        left = self.boxes.left[piece, None] - self.margin
        column = (left + torch.arange(WIDTH, device=device)).clamp(0, width - 1)
        index = (self.image[piece] * height + row)[:, None] * width + column
        return [planes.flatten(1)[:, index] for planes in stacks]

    def repeat_border(self, strip: Tensor, height: int, width: int, *, lost: int) -> None:
        """Repeat the image's border in the margins that lie outside the image, in place.

        A filter of the strip has changed what lies there; a filter of the whole image would not
        have seen it.

        Args:
            strip: [rows - 2 lost, WIDTH - 2 lost].
            height: Of the images.
            width: Of the images.
            lost: Pixels of the margin that filters have taken.
        """
        margin = self.margin - lost
        if on_cpu(strip):
            self._repeat_slices(strip.numpy(), margin, height, width)
            return
        device = strip.device
        piece = torch.arange(len(self.image), device=device)
        piece = piece.repeat_interleave(self._heights, output_size=self.rows)[: len(strip)]
        first = self._first[piece] + margin - self.boxes.top[piece]
        row = (torch.arange(len(strip), device=device) - first).clamp(0, height - 1) + first
        left = self.boxes.left[piece, None] - margin
        column = (left + torch.arange(strip.shape[1], device=device)).clamp(0, width - 1) - left
        strip.copy_(strip[row[:, None], column.clamp_(max=strip.shape[1] - 1)])

    def _repeat_slices(self, strip: np.ndarray, margin: int, height: int, width: int) -> None:
        for _, top, bottom, left, right, first in self._bounds(margin):
            if top < 0 or left < 0 or bottom > height or right > width:
                block = strip[first : first + bottom - top, : right - left]
                row = np.arange(top, bottom).clip(0, height - 1) - top
                column = np.arange(left, right).clip(0, width - 1) - left
                block[...] = block[row[:, None], column]

    def write(self, out: Tensor, strip: Tensor, factor: Tensor | None = None) -> None:
        """Write the boxes into [N, H, W], from a filtered strip, which has lost its margins.

        Args:
            out: [N, H, W]; where boxes overlap they must say the same.
            strip: [rows - 2 margin, WIDTH - 2 margin].
            factor: Of out's dtype [N], by which an image's pixels are multiplied; None: by 1.
        """
        if on_cpu(out):
            if factor is not None:
                rows = self._each_row(factor[self.image])[: len(strip), None]
                strip = strip.to(out.dtype).mul_(rows)
            self._write_slices(out.numpy(), strip.numpy())
            return
        region = Regions(self.image, self.boxes)
        row, column = region.steps()
        values = strip[region.spread(self._first) + row, column].to(out.dtype)
        if factor is not None:
            values *= region.spread(factor[self.image])
        region.write(out[None], values[None])

    def _write_slices(self, out: np.ndarray, strip: np.ndarray) -> None:
        for image, top, bottom, left, right, first in self._bounds(0):
            box = out[image, top:bottom, left:right]
            box[...] = strip[first : first + bottom - top, : right - left]

    def _bounds(self, margin: int) -> list[list[int]]:
        """Return image, top, bottom, left, right of each box with a margin, and its first row."""
        boxes = self.boxes
        top, left = boxes.top - margin, boxes.left - margin
        bottom, right = boxes.top + boxes.height + margin, boxes.left + boxes.width + margin
        return torch.stack((self.image, top, bottom, left, right, self._first), 1).tolist()

    def _whole_lines(self, stacks: tuple[Tensor, ...]) -> list[Tensor]:
        """Copy lines of WIDTH pixels, which follow each other in memory, wherever they end.

        To a CPU the index of a line costs less than a call for each box, let alone an index of each
        pixel.
        """
        height, width = stacks[0].shape[2:]
        last = stacks[0][0].numel() - WIDTH  # where a line can start
        corner = (self.image * height + self.boxes.top - self.margin) * width
        corner += self.boxes.left - self.margin
        start = self._each_row(corner - self._first * width)
        start += torch.arange(0, self.rows * width, width)
        start.clamp_(0, last)
        strips = [planes.new_empty(len(planes), self.rows, WIDTH) for planes in stacks]
        for planes, strip in zip(stacks, strips, strict=True):
            for plane, lines in zip(planes, strip, strict=True):
                torch.index_select(_lines(plane), 0, start, out=lines)
        runs_out = corner + (self._heights - 1) * width > last
        self._cut_at_borders(stacks, strips, runs_out.tolist())
        return strips

    def _cut_at_borders(
        self, stacks: tuple[Tensor, ...], strips: list[Tensor], runs_out: list[bool]
    ) -> None:
        """Cut once more what runs over a border of its image, or beyond the end of the memory."""
        height, width = stacks[0].shape[2:]
        arrays = [
            (planes.numpy(), strip.numpy()) for planes, strip in zip(stacks, strips, strict=True)
        ]
        for (image, top, bottom, left, right, first), runs in zip(
            self._bounds(self.margin), runs_out, strict=True
        ):
            if runs or top < 0 or left < 0 or bottom > height or right > width:
                for planes, strip in arrays:
                    block = strip[:, first : first + bottom - top, : right - left]
                    _copy_box(planes[:, image], top, left, block)

    def _each_row(self, values: Tensor) -> Tensor:
        """Repeat the value of each box for each row of its place in the strip, on a CPU."""
        return torch.from_numpy(np.repeat(values.numpy(), self._heights.numpy()))


def _copy_box(image: np.ndarray, top: int, left: int, out: np.ndarray) -> None:
    """Copy a box of [C, H, W], which may begin and end outside, where the border is repeated."""
    above, before = max(-top, 0), max(-left, 0)
    _, rows, columns = out.shape
    inside = image[:, top + above : top + rows, left + before : left + columns]
    below, after = above + inside.shape[1], before + inside.shape[2]
    middle = out[:, above:below]
    middle[:, :, before:after] = inside
    middle[:, :, :before] = inside[:, :, :1]
    middle[:, :, after:] = inside[:, :, -1:]
    out[:, :above] = middle[:, :1]
    out[:, below:] = middle[:, -1:]


def _lines(plane: Tensor) -> Tensor:
    """Return WIDTH pixels from each one on, [N, H, W] -> [N H W - WIDTH + 1, WIDTH]: a view."""
    return plane.reshape(-1).as_strided((plane.numel() - WIDTH + 1, WIDTH), (1, 1))


def _pieces(image: Tensor, boxes: Boxes, width: int) -> tuple[Tensor, Boxes]:
    """Cut boxes into boxes of at most this width, side by side."""
    counts = (boxes.width + width - 1) // width
    whole = torch.arange(len(image), device=image.device).repeat_interleave(counts)
    number = torch.arange(len(whole), device=image.device) - (counts.cumsum(0) - counts)[whole]
    boxes = boxes[whole]
    shift = number * width
    boxes = replace(boxes, left=boxes.left + shift, width=(boxes.width - shift).clamp(max=width))
    return image[whole], boxes
