"""Differences between the features of an image and its reconstruction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.nn import functional as F

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


def unit_distance(a: Tensor, b: Tensor) -> Tensor:
    """Return the squared distance of the features at each place, each scaled to length 1.

    This is LPIPS at one layer without its learned weights of the channels.

    Args:
        a: Features [B, F, H, W].
        b: The same shape.

    Returns:
        [B, 1, H, W], in 0 to 4.

    Paper: https://arxiv.org/abs/1801.03924
    """
    return (F.normalize(a, dim=1) - F.normalize(b, dim=1)).square().sum(1, keepdim=True)
