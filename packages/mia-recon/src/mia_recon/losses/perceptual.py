"""Relative difference between the features of an image and its reconstruction."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def relative_difference(features: Tensor, reconstructed: Tensor) -> Tensor:
    """Return the absolute difference, relative to the mean magnitude of the image's features.

    Args:
        features: Features of the images, [B, F, H, W].
        reconstructed: Features of the reconstructions, the same shape.

    Returns:
        [B, 1, H, W].

    Paper: https://arxiv.org/abs/2006.13265
    """
    magnitude = features.abs().mean((1, 2, 3), keepdim=True)
    return (features - reconstructed).abs().mean(1, keepdim=True) / magnitude.clamp(min=1e-12)
