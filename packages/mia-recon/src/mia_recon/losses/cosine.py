"""Distance between the directions of features: 1 less their cosine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor


def cosine_distance_map(a: Tensor, b: Tensor) -> Tensor:
    """Return 1 - cosine of the features at each place, in 0 to 2.

    Args:
        a: Features [B, F, H, W].
        b: The same shape.

    Returns:
        [B, 1, H, W].
    """
    return 1 - F.cosine_similarity(_precise(a), _precise(b), dim=1)[:, None]


def cosine_distance(a: Tensor, b: Tensor) -> Tensor:
    """Return 1 - cosine of whole images' features, each taken as one vector.

    Args:
        a: Features [B, F, H, W].
        b: The same shape.

    Returns:
        [B], in 0 to 2.
    """
    return 1 - F.cosine_similarity(_precise(a).flatten(1), _precise(b).flatten(1), dim=1)


def hard_cosine_distance(target: Tensor, prediction: Tensor, alpha: Tensor) -> Tensor:
    """Return 1 - cosine of whole images' features, to be learned from the hard places only.

    A place is hard where its own 1 - cosine is at least mean + alpha * deviation of all places of
    the batch. The prediction has no gradient elsewhere, and the target has none at all.

    Paper: https://arxiv.org/abs/2306.02602

    Args:
        target: Features [B, F, H, W].
        prediction: The same shape.
        alpha: Scalar.

    Returns:
        [B], in 0 to 2: the value is that of ``cosine_distance``.
    """
    target = target.detach()
    fixed = prediction.detach()
    distance = cosine_distance_map(target, fixed)
    is_hard = distance >= distance.mean() + alpha * distance.std()
    return cosine_distance(target, torch.where(is_hard, prediction, fixed))


def summed_distance_map(pairs: Iterable[tuple[Tensor, Tensor]], size: tuple[int, int]) -> Tensor:
    """Return the sum of the distance maps of several levels, each stretched to the image.

    Args:
        pairs: Features [B, F, H, W] of each level, and what they are compared with.
        size: Height and width of the image.

    Returns:
        [B, 1, *size].
    """
    levels = [
        F.interpolate(cosine_distance_map(*pair), size=size, mode="bilinear", align_corners=True)
        for pair in pairs
    ]
    return torch.stack(levels).sum(0)


def _precise(features: Tensor) -> Tensor:
    """Return features of half precision as float32, others as they are."""
    return features.to(torch.promote_types(features.dtype, torch.float32))
