"""Images from arrays, tensors or datasets, checked once and read in batches."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

# Images that fill at most this share of the device's free memory are all kept there.
RESIDENT_SHARE = 0.5
MOVED_AT_ONCE = 256  # images per copy to the device


class ImageSource:
    """Images (N, C, H, W), uint8, read by index.

    Args:
        images: An array, memory map or tensor of that shape, or a map-style dataset whose items
            are images (C, H, W) or mappings with an ``"image"``. Of a dataset only the items are
            read.

    Raises:
        TypeError: An object of another kind, or values that are not uint8.
        ValueError: A wrong number of dimensions, or no images.
    """

    def __init__(self, images: Any) -> None:
        if isinstance(images, (np.ndarray, torch.Tensor)):
            _check_dtype(images)
            if images.ndim != 4:
                msg = f"expected images of shape (N, C, H, W), got {tuple(images.shape)}"
                raise ValueError(msg)
            self.shape: tuple[int, ...] = tuple(images.shape)
        elif _is_dataset(images):
            self.shape = (len(images), *(_item(images, 0).shape if len(images) else (0, 0, 0)))
        else:
            msg = (
                "expected images as a uint8 array or tensor (N, C, H, W) or a map-style dataset, "
                f"got {type(images).__name__}"
            )
            raise TypeError(msg)
        if 0 in self.shape:
            msg = f"expected at least one image of at least one pixel, got shape {self.shape}"
            raise ValueError(msg)
        self._images = images
        self.device = torch.device("cpu")

    def __len__(self) -> int:
        return self.shape[0]

    def check_shape(self, *, channels: int, height: int, width: int) -> None:
        """Raise ValueError if the images do not have this shape."""
        if self.shape[1:] != (channels, height, width):
            got = "x".join(map(str, self.shape[1:]))
            msg = (
                f"expected images of {channels} x {height} x {width} (channels x height x width), "
                f"got {got}: load them so, or build the detector with in_channels and image_size"
            )
            raise ValueError(msg)

    def to(self, device: torch.device) -> ImageSource:
        """Give batches on this device from now on; move all images there if they fit."""
        self.device = device
        if device.type == "cuda" and self._is_elsewhere(device):
            free, _ = torch.cuda.mem_get_info(device)
            if math.prod(self.shape) <= RESIDENT_SHARE * free:
                self._images = self._moved()
        return self

    def _is_elsewhere(self, device: torch.device) -> bool:
        """Return whether the images are one array or tensor that is not on the device yet."""
        images = self._images
        if isinstance(images, torch.Tensor):
            return images.device != device
        return isinstance(images, np.ndarray)

    def _moved(self) -> torch.Tensor:
        """Return all images on the device; a memory map is read in parts."""
        whole = torch.empty(self.shape, dtype=torch.uint8, device=self.device)
        for indices in torch.arange(len(self)).split(MOVED_AT_ONCE):
            whole[indices[0] : indices[-1] + 1] = self.take(indices)
        return whole

    def take(self, indices: torch.Tensor) -> torch.Tensor:
        """Return the images at these indices (on the CPU), uint8 (B, C, H, W), on the device."""
        if isinstance(self._images, torch.Tensor):
            # The copy to a GPU does not wait for the previous step.
            indices = indices.to(self._images.device, non_blocking=True)
            return self._images[indices].to(self.device)
        if isinstance(self._images, np.ndarray):
            # Only these rows are copied: a memory map is never read whole.
            batch = torch.from_numpy(np.ascontiguousarray(self._images[indices.numpy()]))
        else:
            batch = torch.stack([self._checked_item(i) for i in indices.tolist()])
        return batch.to(self.device, non_blocking=True)

    def _checked_item(self, index: int) -> torch.Tensor:
        item = _item(self._images, index)
        if tuple(item.shape) != self.shape[1:]:
            msg = f"expected image {index} of shape {self.shape[1:]}, got {tuple(item.shape)}"
            raise ValueError(msg)
        return item


def _is_dataset(images: Any) -> bool:
    is_indexed = hasattr(images, "__getitem__") and hasattr(images, "__len__")
    return is_indexed and not isinstance(images, (Mapping, str))


def _item(dataset: Any, index: int) -> torch.Tensor:
    item = dataset[index]
    image = item.get("image", item) if isinstance(item, Mapping) else item
    if not isinstance(image, (np.ndarray, torch.Tensor)):
        msg = (
            f"expected item {index} to be a uint8 array or tensor (C, H, W), or a mapping with one "
            f"as its 'image', got {type(image).__name__}"
        )
        raise TypeError(msg)
    _check_dtype(image)
    if image.ndim != 3:
        msg = f"expected image {index} of shape (C, H, W), got {tuple(image.shape)}"
        raise ValueError(msg)
    # A copy: tensors have neither read-only memory nor steps backwards.
    return torch.from_numpy(np.array(image, order="C")) if isinstance(image, np.ndarray) else image


def _check_dtype(images: np.ndarray | torch.Tensor) -> None:
    if str(images.dtype) not in {"uint8", "torch.uint8"}:
        msg = f"expected images of dtype uint8 (0 to 255), got {images.dtype}"
        raise TypeError(msg)
