"""Images given by a user, checked and turned into tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from mia_ssl._engine.images import ImageSource

if TYPE_CHECKING:
    from torch import Tensor

SMALLEST = 8  # sides below this have no room for a patch and its surroundings


def as_tensor(name: str, images: Any) -> Tensor:
    """Return all of the images as uint8 (N, C, H, W): a tensor as it is, others on the CPU.

    Args:
        name: Their name in messages.
        images: An array, memory map, tensor or map-style dataset.

    Raises:
        TypeError: None of these, or values that are not uint8.
        ValueError: Another shape, neither gray nor RGB, or sides too small.
    """
    try:
        source = ImageSource(images)
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        msg = f"{name}: {error}"
        raise kind(msg) from error
    if source.shape[1] not in (1, 3) or min(source.shape[2:]) < SMALLEST:
        msg = f"expected {name} of shape (N, 1 or 3, H, W) with sides of at least {SMALLEST}, "
        msg += f"got {source.shape}"
        raise ValueError(msg)
    if isinstance(images, torch.Tensor):
        return images
    if isinstance(images, np.ndarray):
        # Torch refuses reversed arrays and warns of read-only ones, as maps of files are.
        return torch.from_numpy(np.require(images, requirements=["C", "W"]))
    return source.take(torch.arange(len(source)))


def sources_like(images: Tensor, sources: Any) -> Tensor:
    """Return the images that patches are cut from, as a tensor on the device of the others.

    Raises:
        TypeError: See ``as_tensor``.
        ValueError: See ``as_tensor``, or not of the images' shape.
    """
    cut_from = as_tensor("sources", sources).to(images.device)
    if cut_from.shape != images.shape:
        msg = f"expected sources of the images' shape {tuple(images.shape)}, "
        msg += f"got {tuple(cut_from.shape)}"
        raise ValueError(msg)
    return cut_from
