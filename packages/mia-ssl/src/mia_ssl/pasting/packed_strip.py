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
        if on_cpu(stacks[0]):  # slices, for the reasons of Regions
            return self._sliced(stacks)
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
            self._write_slices(out.numpy(), strip.numpy(), factor)
            return
        region = Regions(self.image, self.boxes)
        row, column = region.steps()
        values = strip[region.spread(self._first) + row, column].to(out.dtype)
        if factor is not None:
            values *= region.spread(factor[self.image])
        region.write(out[None], values[None])

    def _write_slices(self, out: np.ndarray, strip: np.ndarray, factor: Tensor | None) -> None:
        factors = None if factor is None else factor.numpy()
        for image, top, bottom, left, right, first in self._bounds(0):
            box = out[image, top:bottom, left:right]
            box[...] = strip[first : first + bottom - top, : right - left]
            if factors is not None:
                box *= factors[image]

    def _bounds(self, margin: int) -> list[list[int]]:
        """Return image, top, bottom, left, right of each box with a margin, and its first row."""
        boxes = self.boxes
        top, left = boxes.top - margin, boxes.left - margin
        bottom, right = boxes.top + boxes.height + margin, boxes.left + boxes.width + margin
        return torch.stack((self.image, top, bottom, left, right, self._first), 1).tolist()

    def _sliced(self, stacks: tuple[Tensor, ...]) -> list[Tensor]:
        height, width = stacks[0].shape[2:]
        strips = [planes.new_zeros(len(planes), self.rows, WIDTH) for planes in stacks]
        ends = [
            (planes.numpy(), strip.numpy()) for planes, strip in zip(stacks, strips, strict=True)
        ]
        for image, top, bottom, left, right, first in self._bounds(self.margin):
            end, across = first + bottom - top, right - left
            if top >= 0 and left >= 0 and bottom <= height and right <= width:
                for planes, strip in ends:
                    strip[:, first:end, :across] = planes[:, image, top:bottom, left:right]
            else:
                row = np.arange(top, bottom).clip(0, height - 1)[:, None]
                column = np.arange(left, right).clip(0, width - 1)
                for planes, strip in ends:
                    strip[:, first:end, :across] = planes[:, image, row, column]
        return strips


def _pieces(image: Tensor, boxes: Boxes, width: int) -> tuple[Tensor, Boxes]:
    """Cut boxes into boxes of at most this width, side by side."""
    counts = (boxes.width + width - 1) // width
    whole = torch.arange(len(image), device=image.device).repeat_interleave(counts)
    number = torch.arange(len(whole), device=image.device) - (counts.cumsum(0) - counts)[whole]
    boxes = boxes[whole]
    shift = number * width
    boxes = replace(boxes, left=boxes.left + shift, width=(boxes.width - shift).clamp(max=width))
    return image[whole], boxes
