"""The pixels of many boxes, one box after the other in one tensor.

What is done to them is done to those of all boxes at once, and to no others.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from torch import Tensor

    from mia_ssl.boxes import Boxes


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

    def cut(self, planes: Tensor) -> Tensor:
        """The pixels of [C, N, H, W]: a new [C, T] of the same dtype."""
        if planes.device.type != "cpu":
            return self._cut_by_index(planes)
        out = torch.empty((len(planes), sum(self.sizes)), dtype=planes.dtype)
        for plane, line in zip(planes.numpy(), out.numpy(), strict=True):
            np.concatenate([plane[place].ravel() for place in self._places], out=line)
        return out

    def write(self, planes: Tensor, pixels: Tensor) -> None:
        """Write [C, T] into [C, N, H, W]; where boxes overlap they must say the same."""
        if planes.device.type != "cpu":
            self._write_by_index(planes, pixels)
            return
        for plane, line in zip(planes.numpy(), pixels.numpy(), strict=True):
            end = 0
            for place, size in zip(self._places, self.sizes, strict=True):
                start, end = end, end + size
                target = plane[place]
                target[...] = line[start:end].reshape(target.shape)

    def spread(self, values: Tensor) -> Tensor:
        """A value for each box -> the same for each of its pixels: [P] -> [T]."""
        return values.repeat_interleave(self.boxes.areas, output_size=sum(self.sizes))

    @cached_property
    def _places(self) -> list[tuple[int, slice, slice]]:
        return [(image, *slices) for image, slices in self.boxes.slices(self.image)]

    def _cut_by_index(self, planes: Tensor) -> Tensor:
        index = self._index(planes[0])
        return torch.stack([_line(plane).index_select(0, index) for plane in planes])

    def _write_by_index(self, planes: Tensor, pixels: Tensor) -> None:
        index = self._index(planes[0])
        for plane, line in zip(planes, pixels, strict=True):
            _line(plane).index_copy_(0, index, line)

    def _index(self, plane: Tensor) -> Tensor:
        """Places in ``_line(plane)``, int64 [T] on its device."""
        key = (plane.device, plane.stride())
        if key not in self._indices:
            self._indices[key] = self._made(plane)
        return self._indices[key]

    def _made(self, plane: Tensor) -> Tensor:
        image, boxes = self.image.to(plane.device), self.boxes.to(plane.device)
        along, down, across = plane.stride()
        count = torch.arange(sum(self.sizes), device=plane.device)
        patch = torch.repeat_interleave(boxes.areas, output_size=len(count))
        count -= (boxes.areas.cumsum(0) - boxes.areas)[patch]  # pixels from each box's first on
        width = boxes.width[patch]
        row = torch.div(count, width, rounding_mode="floor")
        corner = image * along + boxes.top * down + boxes.left * across
        return corner[patch] + row * down + (count - row * width) * across


def _line(plane: Tensor) -> Tensor:
    """All memory that [N, H, W] lies in, as one line from its first pixel on."""
    span = 1 + sum(
        (size - 1) * step for size, step in zip(plane.shape, plane.stride(), strict=True)
    )
    return plane.as_strided((span,), (1,))
