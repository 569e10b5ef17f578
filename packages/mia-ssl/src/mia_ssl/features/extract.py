"""Features of images, batch by batch, and the place of their cells in the image.

Cells divide the image evenly. By windows and padding those of EfficientNet-Lite0 would lie half a
cell further to the lower right; but trained on images and their mirror images, it has learned to
look at the middle of its cells (the tests measure it).
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import torch
import torch.nn.functional as F

from mia_ssl._engine.repeatable import repeatable
from mia_ssl.feature_grid import Axis, FeatureGrid
from mia_ssl.features.orientations import AS_IS, oriented

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from torch import Tensor

    from mia_ssl._engine.images import ImageSource
    from mia_ssl.features.options import FeatureOptions


class FrozenNetwork(Protocol):
    """A backbone: images [B, 1 or 3, H, W] in [0, 1] -> features of some of its stages."""

    def __call__(self, x: Tensor, stages: Sequence[int]) -> list[Tensor]:
        """Return features [B, D, h, w] of the stages."""
        ...


@dataclass(frozen=True)
class Features:
    """Features of B images.

    Attributes:
        numbers: Number of each image among all, int64 [B].
        stages: Features of each stage, float32 [B, D, h, w], on the CPU.
        grids: Place of each stage's cells in the image.
    """

    numbers: Tensor
    stages: list[Tensor]
    grids: list[FeatureGrid]

    def means(self) -> Tensor:
        """Return the mean of each channel of all stages, [B, D]."""
        return torch.cat([stage.mean((2, 3)) for stage in self.stages], 1)

    def means_and_deviations(self) -> Tensor:
        """Return the mean and standard deviation of each channel over the cells, [B, 2 D]."""
        parts = []
        for stage in self.stages:
            mean = stage.mean((2, 3), keepdim=True)
            variance = (stage - mean).square().mean((2, 3))
            parts += [mean[:, :, 0, 0], variance.sqrt()]
        return torch.cat(parts, 1)

    def cells(self, window: int = 1) -> Tensor:
        """Return the channels of all stages at the cells of the first one, [B, h, w, D].

        Args:
            window: Side of the squares of cells, odd, that features are first averaged over; beyond
                the border are zeros, so that border cells, where a network's own padding makes
                features vary most, count less.
        """
        stages = self.stages
        if window > 1:
            stages = [F.avg_pool2d(stage, window, 1, window // 2) for stage in stages]
        first = self.grids[0]
        moved = [grid.onto(first, stage) for grid, stage in zip(self.grids, stages, strict=True)]
        return torch.cat(moved, 1).permute(0, 2, 3, 1)


def extract(
    backbone: FrozenNetwork,
    source: ImageSource,
    options: FeatureOptions,
    batch_size: int,
    orientations: str = AS_IS,
) -> Iterator[Features]:
    """Yield the features of images, each in all orientations."""
    for numbers in torch.arange(len(source)).split(batch_size):
        for images in oriented(source.take(numbers), orientations):
            yield features_of(backbone, images, numbers, options)


def features_of(
    backbone: FrozenNetwork, images: Tensor, numbers: Tensor, options: FeatureOptions
) -> Features:
    """Return the features of images, uint8 [B, C, S, S], that have these numbers."""
    height, width = map(int, images.shape[2:])  # tensors while a graph is traced
    rounded: AbstractContextManager[object] = nullcontext()
    if options.feature_precision == "bfloat16":
        rounded = torch.autocast(images.device.type, torch.bfloat16)
    with repeatable(images.device, full_precision=True), torch.inference_mode(), rounded:
        stages = backbone(images.float().div_(255), options.stages)
    grids = grids_of(stages, height, width)
    return Features(numbers, [stage.float().cpu() for stage in stages], grids)


def grids_of(stages: Sequence[Tensor], height: int, width: int) -> list[FeatureGrid]:
    """Return the places of the cells of features [B, C, h, w] in an image."""
    return [
        FeatureGrid(Axis.even(int(stage.shape[2]), height), Axis.even(int(stage.shape[3]), width))
        for stage in stages
    ]
