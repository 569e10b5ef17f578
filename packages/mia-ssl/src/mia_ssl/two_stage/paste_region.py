"""Region of each image that AnatPaste may paste into: the lung field of a chest radiograph.

For other images there are two simpler regions: all that is not black, and the whole image.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from skimage.exposure import equalize_adapthist
from skimage.filters import threshold_otsu
from skimage.measure import label
from skimage.morphology import dilation, opening
from skimage.segmentation import clear_border

from mia_ssl._engine.inference import in_order
from mia_ssl.pasting.boxes import integer
from mia_ssl.pasting.foreground import THRESHOLD, foreground
from mia_ssl.two_stage.color_jitter import luma

if TYPE_CHECKING:
    from torch import Tensor

    from mia_ssl._engine.images import ImageSource

PASTE_REGIONS = ("lungs", "foreground", "image")
# Smallest component that is kept, as a share of the image: 400 pixels of 224 x 224.
SMALLEST = 400 / 224**2
_FOOTPRINT = np.ones((3, 3), dtype=np.uint8)
_IMAGES_AT_ONCE = 64


def lung_field(image: np.ndarray) -> np.ndarray:
    """Find the lungs in a gray image, uint8 (H, W) -> bool (H, W).

    Contrast is evened out by CLAHE. Dark tissue is at or below Otsu's threshold and above 0. An
    opening parts what barely touches; components that touch the border lie outside the body; a
    dilation takes back what the opening lost; small components are dropped. All False where nothing
    is left.

    Paper: https://arxiv.org/abs/2205.04282
    """
    if image.min() == image.max():  # CLAHE and Otsu need two gray levels
        return np.zeros(image.shape, dtype=bool)
    even = equalize_adapthist(image)
    dark = (even <= threshold_otsu(even)) & (even > 0)
    opened = opening(dark.astype(np.uint8), _FOOTPRINT)
    inner = dilation(clear_border(opened), _FOOTPRINT)
    components = label(inner)
    large = np.bincount(components.ravel()) >= SMALLEST * image.size
    large[0] = False  # the background
    return large[components]


class PasteRegion:
    """Pixels that each of N images may be pasted into, on the CPU.

    Attributes:
        masks: bool (N, H, W); all of an image whose mask would be empty.
    """

    def __init__(self, masks: Tensor) -> None:
        empty = ~masks.flatten(1).any(1)
        self.masks = masks | empty[:, None, None]
        self._row_counts = self.masks.sum(2)

    def __len__(self) -> int:
        return len(self.masks)

    @classmethod
    def find(cls, images: Tensor, kind: str = "lungs") -> PasteRegion:
        """Find the regions of uint8 images (N, C, H, W); ``kind`` is one of ``PASTE_REGIONS``."""
        images = images.cpu()
        if kind == "image":
            return cls(torch.ones((len(images), *images.shape[2:]), dtype=torch.bool))
        if kind == "foreground":
            return cls(foreground(images.transpose(0, 1), THRESHOLD).bool())
        return cls(torch.from_numpy(np.stack([lung_field(gray(image)) for image in images])))

    @classmethod
    def from_masks(cls, masks: Any, shape: tuple[int, ...]) -> PasteRegion:
        """Take a user's masks, (N, H, W) or (N, 1, H, W), above 0 inside.

        Args:
            masks: An array or a tensor.
            shape: Shape of the images, (N, C, H, W).

        Raises:
            ValueError: Masks of another shape than the images.
        """
        inside = torch.as_tensor(np.asarray(masks)) > 0
        if inside.ndim == 4 and inside.shape[1] == 1:
            inside = inside[:, 0]
        expected = (shape[0], *shape[2:])
        if inside.shape != expected:
            msg = f"expected region_masks of shape {expected}, got {tuple(inside.shape)}"
            raise ValueError(msg)
        return cls(inside)

    def take(self, indices: Tensor) -> PasteRegion:
        """Return the regions of some of the images."""
        part = object.__new__(PasteRegion)
        part.masks, part._row_counts = self.masks[indices], self._row_counts[indices]
        return part

    def pixel(self, uniforms: Tensor) -> tuple[Tensor, Tensor]:
        """Draw a pixel of each region.

        Args:
            uniforms: Random numbers in [0, 1), [N, 2].

        Returns:
            Row and column, int64 [N] each.
        """
        below = self._row_counts.cumsum(1)
        rank = integer(uniforms[:, 0], below[:, -1])
        row = torch.searchsorted(below, rank[:, None], right=True)[:, 0]
        line = self.masks[torch.arange(len(row)), row].cumsum(1)
        rank = integer(uniforms[:, 1], line[:, -1])
        return row, torch.searchsorted(line, rank[:, None], right=True)[:, 0]


def gray(image: Tensor) -> np.ndarray:
    """Return the gray of an image, uint8 (C, H, W) -> uint8 (H, W)."""
    return luma(image.float()).add(0.5).to(torch.uint8).numpy()


class SourceWithRegions:
    """An ``ImageSource`` that keeps the regions of the images that were taken last.

    The regions of all images are found once, when it is made, and stay on the CPU.

    Attributes:
        taken: Regions of the images that ``take`` gave last; None before.
    """

    def __init__(self, source: ImageSource, kind: str) -> None:
        self._source = source
        self._regions = PasteRegion(
            torch.cat(
                [PasteRegion.find(batch, kind).masks for batch in in_order(source, _IMAGES_AT_ONCE)]
            )
        )
        self.device = source.device
        self.taken: PasteRegion | None = None

    def __len__(self) -> int:
        return len(self._source)

    def take(self, indices: torch.Tensor) -> torch.Tensor:
        """Return images as ``ImageSource.take`` does."""
        self.taken = self._regions.take(indices)
        return self._source.take(indices)
