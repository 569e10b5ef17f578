"""Place of a feature grid's cells in the image, found by watching a network at work."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

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

    def after(self, cells: int, kernel: int, stride: int, padding: int, dilation: int) -> Axis:
        """Return the cells that a window sliding over these ones gives."""
        middle = dilation * (kernel - 1) / 2 - padding
        return Axis(cells, self.first + self.stride * middle, self.stride * stride)

    def interpolation(self, pixels: int) -> Tensor:
        """Return the linear interpolation of the cells' values at pixels 0, 1, ...

        Beyond the outermost centers their values are repeated.

        Returns:
            float64 [pixels, cells]; each row sums to 1.
        """
        place = (torch.arange(pixels, dtype=torch.float64) - self.first) / self.stride
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
        rows = self.rows.interpolation(height).to(values.dtype)
        columns = self.columns.interpolation(width).to(values.dtype)
        return rows @ values @ columns.T


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
        before = self.find(*inputs[0].shape[-2:])
        size = (output.shape[-2], output.shape[-1])
        if before is None or size in self._known:
            return
        windows = (_pair(getattr(layer, name, 1)) for name in _WINDOW)
        (k_y, k_x), (s_y, s_x), (p_y, p_x), (d_y, d_x) = windows
        self._known[size] = FeatureGrid(
            before.rows.after(size[0], k_y, s_y, p_y, d_y),
            before.columns.after(size[1], k_x, s_x, p_x, d_x),
        )


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
