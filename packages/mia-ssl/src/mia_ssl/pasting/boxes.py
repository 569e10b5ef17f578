"""Rectangles of whole pixels, many at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor


@dataclass(frozen=True)
class Boxes:
    """Rectangles, int64 of one shape each.

    Attributes:
        top: First row.
        left: First column.
        height: Rows.
        width: Columns.
    """

    top: Tensor
    left: Tensor
    height: Tensor
    width: Tensor

    def __getitem__(self, index: Any) -> Boxes:
        """Return some of them."""
        return Boxes(self.top[index], self.left[index], self.height[index], self.width[index])

    def to(self, device: torch.device) -> Boxes:
        """Return the same on a device."""
        return Boxes(*(getattr(self, name).to(device) for name in _NAMES))

    @property
    def areas(self) -> Tensor:
        """Return the pixels of each."""
        return self.height * self.width

    def slices(self, images: Tensor) -> Iterator[tuple[int, tuple[slice, slice]]]:
        """Yield (image, (rows, columns)) for each of [P]."""
        bounds = (self.top, self.top + self.height, self.left, self.left + self.width)
        for image, top, bottom, left, right in torch.stack((images, *bounds), 1).tolist():
            yield image, (slice(top, bottom), slice(left, right))


_NAMES = tuple(Boxes.__annotations__)


def integer(uniform: Tensor, count: Tensor | int) -> Tensor:
    """Turn uniform numbers in [0, 1) into whole ones in 0 ... count - 1, each as likely: int64."""
    # In float64: a float32 just below 1 times the count can round up to the count.
    return (uniform.double() * count).long()


def corners(
    uniform: Tensor, height: Tensor, width: Tensor, sides: tuple[int, int]
) -> tuple[Tensor, Tensor]:
    """Place boxes anywhere inside an image, each place as likely.

    Args:
        uniform: Numbers in [0, 1), [..., 2].
        height: Of the boxes, int64.
        width: Of the boxes, int64.
        sides: Height and width of the image.

    Returns:
        Top and left, int64.
    """
    top = integer(uniform[..., 0], sides[0] - height + 1)
    return top, integer(uniform[..., 1], sides[1] - width + 1)
