"""Where AnatPaste may paste: the lung field of a chest radiograph, by thresholds, or else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from skimage.exposure import equalize_adapthist
from skimage.filters import threshold_otsu
from skimage.measure import label
from skimage.morphology import dilation, opening
from skimage.segmentation import clear_border

from mia_ssl.pasting.boxes import integer
from mia_ssl.pasting.foreground import THRESHOLD, foreground
from mia_ssl.two_stage.augment.jitter import luma

if TYPE_CHECKING:
    from torch import Tensor

FIELDS = ("lungs", "foreground", "image")
# Smallest component that is kept, as a share of the image: 400 pixels of 224 x 224.
SMALLEST = 400 / 224**2
_FOOTPRINT = np.ones((3, 3), dtype=np.uint8)


def lung_field(image: np.ndarray) -> np.ndarray:
    """Where the lungs are in a gray image, uint8 (H, W) -> bool (H, W).

    Contrast is evened out by CLAHE; what is at or below Otsu's threshold and above 0 is dark
    tissue; an opening parts what barely touches; what touches the border lies outside the body; a
    dilation takes the opening's loss back; small components go. All False where nothing is left.

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


class LungFields:
    """The fields of N images, to be computed once and used in every epoch; on the CPU.

    Args:
        masks: bool (N, H, W); an image without a field gets all of itself.
    """

    def __init__(self, masks: Tensor) -> None:
        empty = ~masks.flatten(1).any(1)
        self.masks = masks | empty[:, None, None]
        self.row_counts = self.masks.sum(2)

    def __len__(self) -> int:
        return len(self.masks)

    @classmethod
    def of(cls, images: Tensor, kind: str = "lungs") -> LungFields:
        """The fields of uint8 images (N, C, H, W); ``kind`` is one of ``FIELDS``."""
        images = images.cpu()
        if kind == "image":
            return cls(torch.ones((len(images), *images.shape[2:]), dtype=torch.bool))
        if kind == "foreground":
            return cls(foreground(images.transpose(0, 1), THRESHOLD).bool())
        return cls(torch.from_numpy(np.stack([lung_field(gray(image)) for image in images])))

    def take(self, indices: Tensor) -> LungFields:
        """Those of some of the images."""
        part = object.__new__(LungFields)
        part.masks, part.row_counts = self.masks[indices], self.row_counts[indices]
        return part

    def pixel(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """Row and column, int64 [N] each, of a random pixel of each field; u is [N, 2]."""
        below = self.row_counts.cumsum(1)
        rank = integer(u[:, 0], below[:, -1])
        row = torch.searchsorted(below, rank[:, None], right=True)[:, 0]
        line = self.masks[torch.arange(len(row)), row].cumsum(1)
        rank = integer(u[:, 1], line[:, -1])
        return row, torch.searchsorted(line, rank[:, None], right=True)[:, 0]


def gray(image: Tensor) -> np.ndarray:
    """uint8 (C, H, W) -> gray uint8 (H, W)."""
    return luma(image.float()).add(0.5).to(torch.uint8).numpy()


def as_fields(masks: Any, shape: tuple[int, ...]) -> LungFields:
    """A user's masks (N, H, W) or (N, 1, H, W), above 0 inside, for images of this shape.

    Raises:
        ValueError: Masks of another shape than the images.
    """
    masks = torch.as_tensor(np.asarray(masks)) > 0
    if masks.ndim == 4 and masks.shape[1] == 1:
        masks = masks[:, 0]
    expected = (shape[0], *shape[2:])
    if masks.shape != expected:
        msg = f"expected fields of shape {expected}, got {tuple(masks.shape)}"
        raise ValueError(msg)
    return LungFields(masks)
