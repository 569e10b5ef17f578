"""Structural dissimilarity."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional as F

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

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
    # Variances are differences of near values: they need all digits, whatever the precision.
    a, b = (((image.to(x.dtype) + 1) / 2).clamp(0, 1) for image in (x, reconstruction))
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
    """Gaussian means of the window at each place, by two products with banded matrices.

    Convolutions of a single channel are many times slower on a CPU at the sizes in use.
    """
    rows, columns = (_window_matrix(size, images) for size in images.shape[2:])
    with _all_digits(images.device.type):
        return rows @ images @ columns.T


def _all_digits(device: str) -> AbstractContextManager[Any]:
    """No reduced precision, on devices that know one: ``meta``, of shapes alone, does not."""
    if torch.amp.is_autocast_available(device):
        return torch.autocast(device, enabled=False)
    return nullcontext()


def _window_matrix(size: int, like: Tensor) -> Tensor:
    """[size - 10, size]: each row the window's weights at one place."""
    places = torch.arange(size, device=like.device)
    offsets = places - places[: size - WINDOW + 1, None] - WINDOW // 2
    weights = torch.exp(-offsets.to(like.dtype).square() / (2 * SIGMA**2))
    weights = weights.masked_fill(offsets.abs() > WINDOW // 2, 0)
    return weights / weights.sum(1, keepdim=True)
