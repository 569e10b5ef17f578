"""Pixel errors of a reconstruction."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def squared_error(x: Tensor, reconstruction: Tensor) -> Tensor:
    """[B, C, H, W] twice -> squared difference, [B, C, H, W]."""
    return (x - reconstruction).square()


def absolute_error(x: Tensor, reconstruction: Tensor) -> Tensor:
    """[B, C, H, W] twice -> absolute difference, [B, C, H, W]."""
    return (x - reconstruction).abs()
