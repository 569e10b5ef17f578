"""Divergence of a code's distribution from the standard normal distribution."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def kl_divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Return the Kullback-Leibler divergence from the standard normal, averaged over the code.

    Args:
        mean: [B, latent].
        log_variance: [B, latent].

    Returns:
        [B].
    """
    return (mean.square() + log_variance.exp() - 1 - log_variance).mean(1) / 2
