"""Gaussian blur of maps, as SciPy's, by two products with matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

TRUNCATE = 4  # the window reaches this many standard deviations


def gaussian_blur(maps: Tensor, sigma: float) -> Tensor:
    """Blur maps as ``scipy.ndimage.gaussian_filter`` does, the border mirrored.

    Args:
        maps: [B, C, H, W].
        sigma: Standard deviation in pixels; 0 for no blur.

    Returns:
        [B, C, H, W].
    """
    if not sigma:
        return maps
    rows, columns = (_weights(size, sigma, maps) for size in maps.shape[2:])
    return rows @ maps @ columns.T


def _weights(size: int, sigma: float, like: Tensor) -> Tensor:
    """Return what each pixel takes of each other pixel of its line, [size, size]."""
    reach = int(TRUNCATE * sigma + 0.5)
    offsets = torch.arange(-reach, reach + 1, device=like.device)
    window = torch.exp(-offsets.to(like.dtype).square() / (2 * sigma**2))
    # Beyond the border the line comes backwards, then forwards again.
    places = (torch.arange(size, device=like.device)[:, None] + offsets) % (2 * size)
    places = torch.minimum(places, 2 * size - 1 - places)
    taken = like.new_zeros(size, size)
    return taken.scatter_add_(1, places, (window / window.sum()).expand(size, -1))
