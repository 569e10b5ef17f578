"""Structural dissimilarity, 1 - SSIM, as a map, and over several scales."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import torch
from pytorch_msssim import ms_ssim
from torch.nn import functional as F

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from torch import Tensor

WINDOW, SIGMA = 11, 1.5
FEATURE_WINDOW = 5
_C1, _C2 = 0.01**2, 0.03**2
# Smallest image of MS-SSIM, whose window must fit into the image after four halvings.
MS_SSIM_SIZE = (WINDOW - 1) * 2**4 + 1
BORDERS = ("stretch", "pad")


def structural_dissimilarity(x: Tensor, reconstruction: Tensor) -> Tensor:
    """Return 1 - SSIM at each place that the window fits into.

    The mean over all places is 1 - ``pytorch_msssim.ssim``, computed faster on a CPU.

    Args:
        x: [B, C, H, W] in [-1, 1], at least 11 pixels a side.
        reconstruction: The same shape, clamped to that range.

    Returns:
        [B, C, H - 10, W - 10] in [0, 2].

    Paper: https://doi.org/10.1109/TIP.2003.819861
    """
    a, b = _unit_range(x, reconstruction)
    return _dissimilarity(a, b, WINDOW)


def feature_dissimilarity(features: Tensor, reconstruction: Tensor) -> Tensor:
    """Return 1 - SSIM at each place of features, each channel alone, [B, F, H, W].

    The window is 5 x 5, and the border is padded with zeros. Features are compared as they are.

    Args:
        features: [B, F, H, W], of any range.
        reconstruction: The same shape.
    """
    border = (FEATURE_WINDOW // 2,) * 4
    # Variances are differences of close values: they need all digits at any precision.
    a, b = (F.pad(values.to(features.dtype), border) for values in (features, reconstruction))
    return _dissimilarity(a, b, FEATURE_WINDOW)


def _dissimilarity(a: Tensor, b: Tensor, window: int) -> Tensor:
    moments = torch.stack([a, b, a * a, b * b, a * b])
    mean_a, mean_b, aa, bb, ab = _blur(moments, window)
    variance = aa - mean_a.square() + bb - mean_b.square()
    covariance = ab - mean_a * mean_b
    structure = (2 * covariance + _C2) / (variance + _C2)
    luminance = (2 * mean_a * mean_b + _C1) / (mean_a.square() + mean_b.square() + _C1)
    return 1 - luminance * structure


def dissimilarity_map(x: Tensor, reconstruction: Tensor, border: str = "stretch") -> Tensor:
    """Return the structural dissimilarity of each pixel, [B, C, H, W].

    Args:
        x: See ``structural_dissimilarity``.
        reconstruction: See ``structural_dissimilarity``.
        border: How to reach the image's border: ``"stretch"`` resizes the map, as the original
            code does, which moves its values outward by up to 5 pixels; ``"pad"`` repeats its
            outermost values.
    """
    inner = structural_dissimilarity(x, reconstruction)
    if border == "pad":
        return F.pad(inner, (WINDOW // 2,) * 4, mode="replicate")
    return F.interpolate(inner, size=x.shape[2:], mode="bilinear", align_corners=False)


def multi_scale_dissimilarity(x: Tensor, reconstruction: Tensor) -> Tensor:
    """Return 1 - MS-SSIM of a batch, a scalar.

    Args:
        x: [B, C, H, W] in [-1, 1], at least ``MS_SSIM_SIZE`` pixels a side.
        reconstruction: The same shape, clamped to that range.

    Paper: https://doi.org/10.1109/ACSSC.2003.1292216
    """
    with _all_digits(x.device.type):
        return 1 - ms_ssim(*_unit_range(x, reconstruction), data_range=1.0)


def _unit_range(x: Tensor, reconstruction: Tensor) -> list[Tensor]:
    """Map both from [-1, 1] to [0, 1], in the precision of ``x``.

    Variances are differences of close values: they need all digits at any precision.
    """
    return [((image.to(x.dtype) + 1) / 2).clamp(0, 1) for image in (x, reconstruction)]


def _blur(images: Tensor, window: int) -> Tensor:
    """Return the window's Gaussian means at each place, by two products with banded matrices.

    Convolutions of a single channel are many times slower on a CPU at the sizes in use.
    """
    rows, columns = (_window_matrix(size, images, window) for size in images.shape[-2:])
    with _all_digits(images.device.type):
        return rows @ images @ columns.T


def _all_digits(device: str) -> AbstractContextManager[Any]:
    """Turn reduced precision off, on devices that have it; ``meta`` has not."""
    if torch.amp.is_autocast_available(device):
        return torch.autocast(device, enabled=False)
    return nullcontext()


def _window_matrix(size: int, like: Tensor, window: int) -> Tensor:
    """Return the window's weights at each place, a matrix [size - window + 1, size]."""
    places = torch.arange(size, device=like.device)
    offsets = places - places[: size - window + 1, None] - window // 2
    weights = torch.exp(-offsets.to(like.dtype).square() / (2 * SIGMA**2))
    weights = weights.masked_fill(offsets.abs() > window // 2, 0)
    return weights / weights.sum(1, keepdim=True)
