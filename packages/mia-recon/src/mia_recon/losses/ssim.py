"""Structural dissimilarity."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F

if TYPE_CHECKING:
    from torch import Tensor

WINDOW, SIGMA = 11, 1.5
_C1, _C2 = 0.01**2, 0.03**2


def structural_dissimilarity(x: Tensor, reconstruction: Tensor) -> Tensor:
    """1 - SSIM at each place that the window fits in.

    Paper: https://doi.org/10.1109/TIP.2003.819861

    Args:
        x: [B, C, H, W] in [-1, 1], at least 11 pixels a side.
        reconstruction: The same shape, clamped to that range.

    Returns:
        [B, C, H - 10, W - 10] in [0, 2].
    """
    a, b = (((image + 1) / 2).clamp(0, 1) for image in (x, reconstruction))
    # One convolution for all five local means.
    moments = torch.cat([a, b, a * a, b * b, a * b])
    mean_a, mean_b, aa, bb, ab = _blur(moments).chunk(5)
    variance = aa - mean_a.square() + bb - mean_b.square()
    covariance = ab - mean_a * mean_b
    structure = (2 * covariance + _C2) / (variance + _C2)
    luminance = (2 * mean_a * mean_b + _C1) / (mean_a.square() + mean_b.square() + _C1)
    return 1 - luminance * structure


def dissimilarity_map(x: Tensor, reconstruction: Tensor) -> Tensor:
    """``structural_dissimilarity``, resized to the input: [B, C, H, W]."""
    inner = structural_dissimilarity(x, reconstruction)
    return F.interpolate(inner, size=x.shape[2:], mode="bilinear", align_corners=False)


def _blur(images: Tensor) -> Tensor:
    offsets = torch.arange(WINDOW, dtype=images.dtype, device=images.device) - WINDOW // 2
    kernel = torch.exp(-offsets.square() / (2 * SIGMA**2))
    kernel = kernel / kernel.sum()
    flat = images.flatten(0, 1).unsqueeze(1)
    flat = F.conv2d(F.conv2d(flat, kernel.view(1, 1, -1, 1)), kernel.view(1, 1, 1, -1))
    return flat.unflatten(0, images.shape[:2]).squeeze(2)
