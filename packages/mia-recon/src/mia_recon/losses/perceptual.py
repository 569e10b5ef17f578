"""Relative difference of features."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def relative_difference(features: Tensor, reconstructed: Tensor) -> Tensor:
    """Absolute difference at each place, in units of the features' mean magnitude in the image.

    Paper: https://arxiv.org/abs/2006.13265

    Args:
        features: Of the images, [B, F, H, W].
        reconstructed: Those of their reconstructions, the same shape.

    Returns:
        [B, 1, H, W].
    """
    magnitude = features.abs().mean((1, 2, 3), keepdim=True)
    return (features - reconstructed).abs().mean(1, keepdim=True) / magnitude.clamp(min=1e-12)
