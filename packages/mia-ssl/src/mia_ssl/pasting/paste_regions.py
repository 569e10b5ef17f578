"""The pixels of many boxes, one box after the other in one tensor.

An operation on that tensor works on the pixels of all boxes at once, and on no others.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch

from mia_ssl.memory import on_cpu

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from mia_ssl.pasting.boxes import Boxes


class Regions:
    """The pixels of P boxes, T in all.

    A CPU slices box by box: to it an index of each pixel costs more than the pixels. Other devices
    get an index, because to them calls are dear.

    Args:
        image: The image that each box lies in, int64 [P].
        boxes: [P].
    """

    def __init__(self, image: Tensor, boxes: Boxes) -> None:
        self.image = image
        self.boxes = boxes
        self._indices: dict[tuple[torch.device, tuple[int, ...]], Tensor] = {}

    def to(self, device: torch.device) -> Regions:
        """Return the same on a device."""
        return Regions(self.image.to(device), self.boxes.to(device))

    @cached_property
    def sizes(self) -> list[int]:
        """Return the pixels of each box."""
        return self.boxes.areas.tolist()

    @property
    def starts(self) -> Tensor:
        """Return the place of each box's first pixel among all pixels, int64 [P]."""
        areas = self.boxes.areas
        return areas.cumsum(0) - areas

    def cut(self, planes: Tensor) -> Tensor:
        """Copy the boxes out of [C, N, H, W]: a new [C, T] of the same dtype."""
        if not on_cpu(planes):
            index = self._index(planes[0])
            return torch.stack([_line(plane).index_select(0, index) for plane in planes])
        out = torch.empty((len(planes), sum(self.sizes)), dtype=planes.dtype)
        for box, pixels in self._views(planes.numpy(), out.numpy()):
            pixels[...] = box
        return out

    def write(self, planes: Tensor, pixels: Tensor) -> None:
        """Write [C, T] into [C, N, H, W]; where boxes overlap they must say the same."""
        if not on_cpu(planes):
            index = self._index(planes[0])
            for plane, line in zip(planes, pixels, strict=True):
                _line(plane).index_copy_(0, index, line)
            return
        for box, values in self._views(planes.numpy(), pixels.numpy()):
            box[...] = values

    def cut_padded(self, planes: Tensor, rows: int, columns: int) -> Tensor:
        """Copy the boxes out of [C, N, H, W] into [C, P, rows, columns], padded with zeros.

        Each box lies in the upper left corner.
        """
        shape = (len(planes), len(self.sizes), rows, columns)
        out = torch.zeros(shape, dtype=planes.dtype, device=planes.device)
        if on_cpu(planes):
            for box, padded in self._padded_views(planes.numpy(), out.numpy()):
                padded[...] = box
        else:
            number, row, column = self._corners(planes.device)
            out[:, number, row, column] = self.cut(planes)
        return out

    def write_padded(self, planes: Tensor, padded: Tensor) -> None:
        """Write the upper left corners of [C, P, rows, columns] into [C, N, H, W]."""
        if on_cpu(planes):
            for box, values in self._padded_views(planes.numpy(), padded.numpy()):
                box[...] = values
        else:
            number, row, column = self._corners(planes.device)
            self.write(planes, padded[:, number, row, column])

    def spread(self, values: Tensor) -> Tensor:
        """Repeat the value of each box for each of its pixels: [P] -> [T]."""
        if on_cpu(values):
            return torch.from_numpy(np.repeat(values.numpy(), self.sizes))
        areas = self.boxes.areas.to(values.device)
        return values.repeat_interleave(areas, output_size=sum(self.sizes))

    def means(self, pixels: Tensor) -> Tensor:
        """Return the mean of each box: float32 [T] -> [P]."""
        if not on_cpu(pixels):
            return torch.stack([part.mean() for part in pixels.split(self.sizes)])
        sums = np.add.reduceat(pixels.numpy(), self.starts.numpy())
        return torch.from_numpy(sums) / self.boxes.areas

    def steps(self) -> tuple[Tensor, Tensor]:
        """Return the row and the column of each pixel in its box: int64 [T] each."""
        width = self.spread(self.boxes.width)
        pixel = torch.arange(len(width), device=width.device) - self.spread(self.starts)
        row = torch.div(pixel, width, rounding_mode="floor")
        return row, pixel - row * width

    @cached_property
    def _slices(self) -> list[tuple[int, slice, slice]]:
        return [(image, *slices) for image, slices in self.boxes.slices(self.image)]

    def _views(
        self, planes: np.ndarray, pixels: np.ndarray
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield each box in [C, N, H, W], and its pixels in [C, T] in the same shape."""
        end = 0
        for (image, rows, columns), size in zip(self._slices, self.sizes, strict=True):
            start, end = end, end + size
            box = planes[:, image, rows, columns]
            yield box, pixels[:, start:end].reshape(box.shape)

    def _padded_views(
        self, planes: np.ndarray, padded: np.ndarray
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield each box in [C, N, H, W], and its place in [C, P, rows, columns]."""
        for number, (image, rows, columns) in enumerate(self._slices):
            box = planes[:, image, rows, columns]
            yield box, padded[:, number, : box.shape[1], : box.shape[2]]

    def _corners(self, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
        """Return the index of the boxes' pixels in [P, rows, columns]."""
        there = self.to(device)
        return there.spread(torch.arange(len(there.sizes), device=device)), *there.steps()

    def _index(self, plane: Tensor) -> Tensor:
        """Return the places of the pixels in ``_line(plane)``, int64 [T] on its device."""
        key = (plane.device, plane.stride())
        if key not in self._indices:
            there = self.to(plane.device)
            along, down, across = plane.stride()
            boxes, (row, column) = there.boxes, there.steps()
            corner = there.image * along + boxes.top * down + boxes.left * across
            self._indices[key] = there.spread(corner) + row * down + column * across
        return self._indices[key]


def _line(plane: Tensor) -> Tensor:
    """Return all memory that [N, H, W] lies in, as one line from its first pixel on."""
    span = 1 + sum(
        (size - 1) * step for size, step in zip(plane.shape, plane.stride(), strict=True)
    )
    return plane.as_strided((span,), (1,))
