"""Errors between the pixels of an image and its reconstruction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.nn import functional as F

if TYPE_CHECKING:
    from torch import Tensor


def squared_error(x: Tensor, reconstruction: Tensor) -> Tensor:
    """Return the squared difference of each pixel, [B, C, H, W]."""
    return F.mse_loss(reconstruction, x, reduction="none")


def absolute_error(x: Tensor, reconstruction: Tensor) -> Tensor:
    """Return the absolute difference of each pixel, [B, C, H, W]."""
    return (x - reconstruction).abs()
