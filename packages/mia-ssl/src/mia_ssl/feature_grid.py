"""Place of a feature grid's cells in the image."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import nn
from torch.jit._trace import is_tracing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

_WINDOWED = (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d)
_WINDOW = ("kernel_size", "stride", "padding", "dilation")


@dataclass(frozen=True)
class Axis:
    """Cells along one side of an image: cell i is centered on pixel ``first + stride * i``.

    Attributes:
        cells: Number of cells.
        first: Pixel that the first cell is centered on; a whole number or half of one.
        stride: Pixels from one cell to the next.
    """

    cells: int
    first: float
    stride: float

    @classmethod
    def even(cls, cells: int, pixels: int) -> Axis:
        """Divide a side of an image into cells of equal length."""
        stride = pixels / cells
        return cls(cells, (stride - 1) / 2, stride)

    def has_same_side(self, other: Axis) -> bool:
        """Return whether both divide a side of the same length into cells of equal length."""
        sides = {axis.cells * axis.stride for axis in (self, other)}
        return len(sides) == 1 and all(
            axis.first == (axis.stride - 1) / 2 for axis in (self, other)
        )

    def after(self, cells: int, kernel: int, stride: int, padding: int, dilation: int) -> Axis:
        """Return the cells that a window sliding over these ones gives."""
        middle = dilation * (kernel - 1) / 2 - padding
        return Axis(cells, self.first + self.stride * middle, self.stride * stride)

    @property
    def centers(self) -> Tensor:
        """Pixels that the cells are centered on, float64 [cells]."""
        return self.first + self.stride * torch.arange(self.cells, dtype=torch.float64)

    def interpolation(self, pixels: Tensor) -> Tensor:
        """Return the linear interpolation of the cells' values at some pixels.

        Beyond the outermost centers their values are repeated.

        Args:
            pixels: Places along the image's side, float64 [n].

        Returns:
            float64 [n, cells]; each row sums to 1.
        """
        place = (pixels - self.first) / self.stride
        distance = place.clamp(0, self.cells - 1)[:, None] - torch.arange(self.cells)
        return (1 - distance.abs()).clamp(min=0)


@dataclass(frozen=True)
class FeatureGrid:
    """Cells of a grid of features and their place in the image.

    Attributes:
        rows: Cells from top to bottom.
        columns: Cells from left to right.
    """

    rows: Axis
    columns: Axis

    def enlarge(self, values: Tensor, height: int, width: int) -> Tensor:
        """Interpolate the cells' values at all pixels, [N, h, w] -> [N, height, width]."""
        rows = self.rows.interpolation(torch.arange(height, dtype=torch.float64))
        columns = self.columns.interpolation(torch.arange(width, dtype=torch.float64))
        return rows.to(values.dtype) @ values @ columns.to(values.dtype).T

    def onto(self, other: FeatureGrid, features: Tensor) -> Tensor:
        """Interpolate features [N, D, h, w] at the centers of another grid's cells."""
        if self == other:
            return features
        pairs = ((self.rows, other.rows), (self.columns, other.columns))
        if all(mine.has_same_side(others) for mine, others in pairs) and not is_tracing():
            # The same numbers, which PyTorch computes without moving the channels.
            size = (other.rows.cells, other.columns.cells)
            return F.interpolate(features, size, mode="bilinear", align_corners=False)
        rows = self.rows.interpolation(other.rows.centers).to(features)
        columns = self.columns.interpolation(other.columns.centers).to(features)
        return rows @ features @ columns.T


class GridRecorder:
    """Grids that a network's layers give for images of one size, each known by its own size."""

    def __init__(self, height: int, width: int) -> None:
        whole = FeatureGrid(Axis(height, 0, 1), Axis(width, 0, 1))
        self._known = {(height, width): whole}

    def find(self, height: int, width: int) -> FeatureGrid | None:
        """Return the grid of this size; None where no layer has given one."""
        return self._known.get((height, width))

    def record(self, layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        """Note the grid that a layer with a sliding window gives; a forward hook."""
        # Sizes are tensors while a graph is traced.
        before = self.find(*map(int, inputs[0].shape[-2:]))
        size = (int(output.shape[-2]), int(output.shape[-1]))
        if before is None or size in self._known:
            return
        windows = [_pair(getattr(layer, name, 1)) for name in _WINDOW]
        rows, columns = (
            axis.after(cells, *(_padded(layer, axis.cells, cells, *window)))
            for axis, cells, window in zip(
                (before.rows, before.columns), size, zip(*windows, strict=True), strict=True
            )
        )
        self._known[size] = FeatureGrid(rows, columns)


def _padded(
    layer: nn.Module, before: int, after: int, kernel: int, stride: int, padding: int, dilation: int
) -> tuple[int, int, int, int]:
    """Return a window's kernel, stride, padding before the first cell, and dilation.

    Some networks of TensorFlow's pad as much as the number of cells asks for, more of it after the
    last cell; their layers say that they do not pad.
    """
    reach = dilation * (kernel - 1) + 1
    if isinstance(layer, nn.Conv2d) and (before + 2 * padding - reach) // stride + 1 != after:
        padding = max((after - 1) * stride + reach - before, 0) // 2
    return kernel, stride, padding, dilation


def _pair(value: Any) -> tuple[int, int]:
    if isinstance(value, str):  # padding="valid"; "same" changes no size
        return 0, 0
    return (value, value) if isinstance(value, int) else tuple(value)


@contextmanager
def recorded_grids(network: nn.Module, height: int, width: int) -> Iterator[GridRecorder]:
    """Record the grids of a network while it runs on images of this size."""
    recorder = GridRecorder(height, width)
    windowed = [layer for layer in network.modules() if isinstance(layer, _WINDOWED)]
    hooks = [layer.register_forward_hook(recorder.record) for layer in windowed]
    try:
        yield recorder
    finally:
        for hook in hooks:
            hook.remove()
