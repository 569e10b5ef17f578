"""Swish without gradients so small that they slow a CPU down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn
from torch.jit._trace import is_tracing
from torch.nn import functional as F

if TYPE_CHECKING:
    from torch import Tensor

# Below it, Swish and its slope are negligible beside what they are added to.
_LOWEST = -30.0


class Swish(nn.Module):
    """x sigmoid(x), free of subnormal numbers.

    Filters of deviation 1 give sums of a hundred and more. Where these are negative, Swish's slope
    is so small that the gradient becomes subnormal, which slows a CPU's convolutions by a factor of
    ten; here it is 0.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Apply Swish to each element; overwrites its input."""
        if is_tracing():  # ONNX has no threshold but 0
            return F.silu(x.clamp(min=_LOWEST))
        return F.silu(F.threshold(x, _LOWEST, _LOWEST, inplace=True))
