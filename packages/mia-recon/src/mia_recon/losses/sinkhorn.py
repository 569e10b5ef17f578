"""Sinkhorn divergence between two sets of points: optimal transport, blurred and without bias.

Paper: https://arxiv.org/abs/1810.08278
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor


def sinkhorn_divergence(
    a: Tensor, b: Tensor, *, diameter: float, blur: float = 0.05, scaling: float = 0.95
) -> Tensor:
    """Return the divergence of equally weighted points, for the cost of half a squared distance.

    It is 0 for equal sets, in whatever order, and tends to the least mean cost of moving one set
    onto the other as ``blur`` falls.

    Args:
        a: Points [N, D].
        b: Points [M, D].
        diameter: A bound of all distances, where the search begins.
        blur: Distance below which points are hardly told apart.
        scaling: Factor of the blur from one step of the search to the next, below 1.

    Returns:
        Scalar.
    """
    with torch.no_grad():
        # Each potential is found by the distances to the other set, or within its own.
        costs = [_cost(*pair) for pair in ((a, b), (b, a), (a, a), (b, b))]
        f, g, own_a, own_b = (cost.new_zeros(len(cost)) for cost in costs)
        for scale in _scales(diameter, blur, scaling):
            new_f = _soft_minimum(costs[0], g, scale)
            new_g = _soft_minimum(costs[1], f, scale)
            f, g = (f + new_f) / 2, (g + new_g) / 2
            own_a = (own_a + _soft_minimum(costs[2], own_a, scale)) / 2
            own_b = (own_b + _soft_minimum(costs[3], own_b, scale)) / 2
    # At the optimum the gradient goes through the cost alone, as seen from either set.
    last = blur**2
    return (
        _soft_minimum(_cost(a, b.detach()), g, last)
        - _soft_minimum(_cost(a, a.detach()), own_a, last)
    ).mean() + (
        _soft_minimum(_cost(b, a.detach()), f, last)
        - _soft_minimum(_cost(b, b.detach()), own_b, last)
    ).mean()


def _cost(a: Tensor, b: Tensor) -> Tensor:
    """Return half the squared distances, [N, M]."""
    # The faster way, by a product of matrices, loses what is left of distances near 0.
    return torch.cdist(a, b, compute_mode="donot_use_mm_for_euclid_dist").square() / 2


def _scales(diameter: float, blur: float, scaling: float) -> list[float]:
    """Return squared blurs, from the diameter's to the last."""
    steps = math.ceil(math.log(max(diameter / blur, 1)) / -math.log(scaling))
    return [max(diameter * scaling**n, blur) ** 2 for n in range(steps)] + [blur**2]


def _soft_minimum(cost: Tensor, potential: Tensor, scale: float) -> Tensor:
    """Return the soft minimum over M of cost - potential, [N], of costs [N, M]."""
    exponents = (potential - cost) / scale - math.log(cost.shape[1])
    return -scale * exponents.logsumexp(1)
