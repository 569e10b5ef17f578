"""The pixels of many boxes, one box after the other in one tensor.

What is done to them is done to those of all boxes at once, and to no others.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from mia_ssl.boxes import Boxes


def on_cpu(x: Tensor) -> bool:
    """Whether NumPy can see a tensor's memory."""
    return x.device.type == "cpu"


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

    @cached_property
    def sizes(self) -> list[int]:
        """Pixels of each box."""
        return self.boxes.areas.tolist()

    def parts(self, limit: int) -> Iterator[tuple[slice, slice, Regions]]:
        """Some boxes after the other, of about so many pixels together.

        Which boxes, which pixels, and their regions.
        """
        box = start = end = 0
        for last, size in enumerate(self.sizes, start=1):
            end += size
            if end - start >= limit or last == len(self.sizes):
                chosen = slice(box, last)
                yield chosen, slice(start, end), Regions(self.image[chosen], self.boxes[chosen])
                box, start = last, end

    def cut(self, planes: Tensor) -> Tensor:
        """The pixels of [C, N, H, W]: a new [C, T] of the same dtype."""
        if not on_cpu(planes):
            index = self._index(planes[0])
            return torch.stack([_line(plane).index_select(0, index) for plane in planes])
        out = torch.empty((len(planes), sum(self.sizes)), dtype=planes.dtype)
        for plane, line in zip(planes.numpy(), out.numpy(), strict=True):
            np.concatenate([plane[place].ravel() for place in self._places], out=line)
        return out

    def write(self, planes: Tensor, pixels: Tensor) -> None:
        """Write [C, T] into [C, N, H, W]; where boxes overlap they must say the same."""
        if not on_cpu(planes):
            index = self._index(planes[0])
            for plane, line in zip(planes, pixels, strict=True):
                _line(plane).index_copy_(0, index, line)
            return
        for plane, line in zip(planes.numpy(), pixels.numpy(), strict=True):
            end = 0
            for place, size in zip(self._places, self.sizes, strict=True):
                start, end = end, end + size
                target = plane[place]
                target[...] = line[start:end].reshape(target.shape)

    def spread(self, values: Tensor) -> Tensor:
        """A value for each box -> the same for each of its pixels: [P] -> [T]."""
        if on_cpu(values):
            return torch.from_numpy(np.repeat(values.numpy(), self.sizes))
        areas = self.boxes.areas.to(values.device)
        return values.repeat_interleave(areas, output_size=sum(self.sizes))

    def means(self, pixels: Tensor) -> Tensor:
        """Mean of each box: float32 [T] -> [P]."""
        if not on_cpu(pixels):
            return torch.stack([part.mean() for part in pixels.split(self.sizes)])
        areas = self.boxes.areas
        sums = np.add.reduceat(pixels.numpy(), (areas.cumsum(0) - areas).numpy())
        return torch.from_numpy(sums) / areas

    def steps(self) -> tuple[Tensor, Tensor]:
        """How many rows and columns of its box lie before each pixel: int64 [T] each."""
        width = self.spread(self.boxes.width)
        first = self.boxes.areas.cumsum(0) - self.boxes.areas
        pixel = torch.arange(len(width), device=width.device) - self.spread(first)
        row = torch.div(pixel, width, rounding_mode="floor")
        return row, pixel - row * width

    @cached_property
    def _places(self) -> list[tuple[int, slice, slice]]:
        return [(image, *slices) for image, slices in self.boxes.slices(self.image)]

    def _index(self, plane: Tensor) -> Tensor:
        """Places in ``_line(plane)``, int64 [T] on its device."""
        key = (plane.device, plane.stride())
        if key not in self._indices:
            there = Regions(self.image.to(plane.device), self.boxes.to(plane.device))
            along, down, across = plane.stride()
            boxes, (row, column) = there.boxes, there.steps()
            corner = there.image * along + boxes.top * down + boxes.left * across
            self._indices[key] = there.spread(corner) + row * down + column * across
        return self._indices[key]


def _line(plane: Tensor) -> Tensor:
    """All memory that [N, H, W] lies in, as one line from its first pixel on."""
    span = 1 + sum(
        (size - 1) * step for size, step in zip(plane.shape, plane.stride(), strict=True)
    )
    return plane.as_strided((span,), (1,))
