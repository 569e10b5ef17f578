"""Distance between the directions of features: 1 less their cosine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.nn import functional as F

if TYPE_CHECKING:
    from torch import Tensor


def cosine_distance_map(a: Tensor, b: Tensor) -> Tensor:
    """Return 1 - cosine of the features at each place, in 0 to 2.

    Args:
        a: Features [B, F, H, W].
        b: The same shape.

    Returns:
        [B, 1, H, W].
    """
    return 1 - F.cosine_similarity(a.float(), b.float(), dim=1)[:, None]


def cosine_distance(a: Tensor, b: Tensor) -> Tensor:
    """Return 1 - cosine of whole images' features, each taken as one vector.

    Args:
        a: Features [B, F, H, W].
        b: The same shape.

    Returns:
        [B], in 0 to 2.
    """
    return 1 - F.cosine_similarity(a.float().flatten(1), b.float().flatten(1), dim=1)
