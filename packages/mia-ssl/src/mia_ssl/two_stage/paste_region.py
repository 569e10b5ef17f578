"""Region of each image that AnatPaste may paste into: the lung field of a chest radiograph.

For other images there are two simpler regions: all that is not black, and the whole image.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from scipy.ndimage import find_objects
from skimage.exposure import equalize_adapthist
from skimage.filters import threshold_otsu
from skimage.measure import label

from mia_ssl.pasting.boxes import integer
from mia_ssl.pasting.foreground import THRESHOLD, foreground
from mia_ssl.two_stage.color_jitter import luma

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

PASTE_REGIONS = ("lungs", "foreground", "image")
# Smallest component that is kept, as a share of the image: 400 pixels of 224 x 224.
SMALLEST = 400 / 224**2


def lung_field(image: np.ndarray, *, drop_boxes: bool = False) -> np.ndarray:
    """Find the lungs in a gray image, uint8 (H, W) -> bool (H, W).

    Contrast is evened out by CLAHE. Dark tissue is at or below Otsu's threshold and above 0. An
    opening parts what barely touches; components that touch the border lie outside the body; a
    dilation takes back what the opening lost; small components are dropped. All False where nothing
    is left.

    Args:
        image: uint8 (H, W).
        drop_boxes: Whether a small component takes along all that lies in its bounding box, as in
            the original.

    Paper: https://arxiv.org/abs/2205.04282
    """
    if image.min() == image.max():  # CLAHE and Otsu need two gray levels
        return np.zeros(image.shape, dtype=bool)
    even = equalize_adapthist(image)
    dark = (even <= threshold_otsu(even)) & (even > 0)
    opened = _dilated(~_dilated(~dark))
    components = label(_dilated(_without_border(opened)))
    least = SMALLEST * image.size
    if not drop_boxes:
        large = np.bincount(components.ravel()) >= least
        large[0] = False  # the background
        return large[components]
    for number, box in enumerate(find_objects(components), 1):
        if np.count_nonzero(components[box] == number) < least:
            components[box] = 0
    return components > 0


def _dilated(mask: np.ndarray) -> np.ndarray:
    """Add all pixels that touch the mask, corners included: bool (H, W) -> bool (H, W)."""
    tall = mask.copy()
    tall[1:] |= mask[:-1]
    tall[:-1] |= mask[1:]
    wide = tall.copy()
    wide[:, 1:] |= tall[:, :-1]
    wide[:, :-1] |= tall[:, 1:]
    return wide


def _without_border(mask: np.ndarray) -> np.ndarray:
    """Drop the components that touch the image's border: bool (H, W) -> bool (H, W)."""
    components = label(mask)
    kept = np.ones(components.max() + 1, dtype=bool)
    for edge in (components[0], components[-1], components[:, 0], components[:, -1]):
        kept[edge] = False
    kept[0] = False  # the background
    return kept[components]


@dataclass(frozen=True)
class PasteRegion:
    """Pixels that each of N images may be pasted into, on the CPU.

    Attributes:
        masks: bool (N, H, W); all of an image in which none was found.
        found: Whether a region was found, bool (N,).
        row_counts: Pixels of the region in each row, int64 (N, H).
    """

    masks: Tensor
    found: Tensor
    row_counts: Tensor

    def __len__(self) -> int:
        return len(self.masks)

    @classmethod
    def of(cls, masks: Tensor) -> PasteRegion:
        """Make the regions of masks, bool (N, H, W), which may be empty."""
        found = masks.flatten(1).any(1)
        masks = masks | ~found[:, None, None]
        return cls(masks, found, masks.sum(2))

    @classmethod
    def find(cls, images: Tensor, kind: str = "lungs", *, drop_boxes: bool = False) -> PasteRegion:
        """Find the regions of images.

        Args:
            images: uint8 (N, C, H, W).
            kind: One of ``PASTE_REGIONS``.
            drop_boxes: See ``lung_field``.
        """
        images = images.cpu()
        if kind == "image":
            return cls.of(torch.ones((len(images), *images.shape[2:]), dtype=torch.bool))
        if kind == "foreground":
            return cls.of(foreground(images.transpose(0, 1), THRESHOLD).bool())
        fields = [lung_field(gray(image), drop_boxes=drop_boxes) for image in images]
        return cls.of(torch.from_numpy(np.stack(fields)))

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
        return cls.of(inside)

    @classmethod
    def joined(cls, parts: Sequence[PasteRegion]) -> PasteRegion:
        """Join the regions of several groups of images, in order."""
        return cls(
            torch.cat([part.masks for part in parts]),
            torch.cat([part.found for part in parts]),
            torch.cat([part.row_counts for part in parts]),
        )

    def take(self, indices: Tensor) -> PasteRegion:
        """Return the regions of some of the images."""
        return PasteRegion(self.masks[indices], self.found[indices], self.row_counts[indices])

    def pixel(self, uniforms: Tensor) -> tuple[Tensor, Tensor]:
        """Draw a pixel of each region.

        Args:
            uniforms: Random numbers in [0, 1), [N, 2].

        Returns:
            Row and column, int64 [N] each.
        """
        below = self.row_counts.cumsum(1)
        rank = integer(uniforms[:, 0], below[:, -1])
        row = torch.searchsorted(below, rank[:, None], right=True)[:, 0]
        line = self.masks[torch.arange(len(row)), row].cumsum(1)
        rank = integer(uniforms[:, 1], line[:, -1])
        return row, torch.searchsorted(line, rank[:, None], right=True)[:, 0]


def gray(image: Tensor) -> np.ndarray:
    """Return the gray of an image, uint8 (C, H, W) -> uint8 (H, W)."""
    return luma(image.float()).add(0.5).to(torch.uint8).numpy()
