"""Images of a training: only the first ones, or together with the regions to paste into."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from mia_ssl.two_stage.paste_region import PasteRegion

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from mia_ssl._engine.images import ImageSource

_IMAGES_AT_ONCE = 64


class FirstImages:
    """The first images of a source, with the methods of ``ImageSource`` that a training calls."""

    def __init__(self, source: ImageSource, count: int) -> None:
        self._source = source
        self._count = min(count, len(source))
        self.device = source.device

    def __len__(self) -> int:
        return self._count

    def take(self, indices: Tensor) -> Tensor:
        """Return images as ``ImageSource.take`` does."""
        return self._source.take(indices)


class ImagesWithRegions:
    """Images whose regions are found once, when it is made, and kept on the CPU.

    Args:
        source: The images.
        find_region: Returns the regions of images, uint8 (N, C, H, W).
    """

    def __init__(
        self,
        source: ImageSource | FirstImages,
        find_region: Callable[[Tensor], PasteRegion],
    ) -> None:
        self._source = source
        self.device = source.device
        parts = torch.arange(len(source)).split(_IMAGES_AT_ONCE)
        self._regions = PasteRegion.joined([find_region(source.take(part)) for part in parts])
        self._taken = torch.arange(0)

    def __len__(self) -> int:
        return len(self._source)

    def take(self, indices: Tensor) -> Tensor:
        """Return images as ``ImageSource.take`` does."""
        self._taken = indices
        return self._source.take(indices)

    def region_of_taken(self, images: Tensor) -> PasteRegion:
        """Return the regions of the images that ``take`` returned last."""
        return self._regions.take(self._taken)
