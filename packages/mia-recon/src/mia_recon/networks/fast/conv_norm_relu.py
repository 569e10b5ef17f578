"""Convolution, normalization and ReLU, folded into one operation while images are scored."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from mia_recon.networks.fast.frozen import Freezable
from mia_recon.networks.fast.upsample import UpsampleConv2d

if TYPE_CHECKING:
    from torch import Tensor

# oneDNN's kernels end with a ReLU at no cost. PyTorch calls oneDNN on other processors too, where
# the gain has not been measured.
HAS_FUSED = torch.backends.mkldnn.is_available() and platform.machine() in {"x86_64", "AMD64"}


class ConvNormReLU(Freezable, nn.Sequential):
    """Convolution without bias, normalization, ReLU.

    In evaluation mode, BatchNorm multiplies and shifts by constants. When frozen, these become
    part of the convolution's filters and bias, and hooks on the three layers are not called.

    Args:
        convolution: ``Conv2d`` or ``UpsampleConv2d`` without bias.
        norm: The normalization of its output channels; only ``BatchNorm2d`` is folded.
    """

    def __init__(self, convolution: nn.Module, norm: nn.Module) -> None:
        super().__init__(convolution, norm, nn.ReLU(inplace=True))

    def forward(self, x: Tensor) -> Tensor:
        """Apply the three layers: [B, in, H, W] -> [B, out, H', W']."""
        if self.frozen is None or self.training:
            return super().forward(x)
        return convolved_relu(self[0], x, *self.frozen)

    def constants(self) -> tuple[Tensor, Tensor] | None:
        """Return the folded filters and bias, or None if the normalization is not constant."""
        layers: list[Any] = list(self)
        convolution, norm, _ = layers
        is_constant = type(norm) is nn.BatchNorm2d and not norm.training
        if not is_constant:
            return None
        scale = norm.weight * (norm.running_var + norm.eps).rsqrt()
        axis = 1 if convolution.transposed else 0  # of the weight's output channels
        weight = convolution.weight * scale.view(-1, *[1] * (3 - axis))
        return weight, norm.bias - norm.running_mean * scale


def convolved_relu(convolution: Any, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Return the ReLU of a convolution with other filters and a bias.

    On a CPU, and where no gradient is recorded, oneDNN computes both in one pass. PyTorch itself
    asks for that only in compiled code.
    """
    by_blocks = isinstance(convolution, UpsampleConv2d) and convolution.is_by_blocks(x)
    fuses = HAS_FUSED and not by_blocks and not torch.is_grad_enabled()
    if not fuses or x.device.type != "cpu" or x.dtype != torch.float32:
        return convolution._conv_forward(x, weight, bias).relu_()
    where = convolution.stride, convolution.dilation, convolution.groups
    relu: Any = "relu", [], ""  # takes no numbers and comes in one kind
    padding = convolution.padding
    if convolution.transposed:
        extra = convolution.output_padding
        return torch.ops.mkldnn._convolution_transpose_pointwise(
            x, weight, bias, padding, extra, *where, *relu
        )
    return torch.ops.mkldnn._convolution_pointwise(x, weight, bias, padding, *where, *relu)
