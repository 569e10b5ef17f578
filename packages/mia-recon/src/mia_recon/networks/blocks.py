"""Convolution blocks that halve and double the image."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from mia_recon.networks.enlarge import Enlarge
from mia_recon.networks.frozen import Freezable

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

# oneDNN, whose kernels end with a ReLU at no cost. PyTorch calls it on other processors too, where
# that is not measured.
HAS_FUSED = torch.backends.mkldnn.is_available() and platform.machine() in {"x86_64", "AMD64"}


class Block(Freezable, nn.Sequential):
    """Convolution without bias, normalisation, ReLU.

    When evaluating, BatchNorm multiplies and shifts by constants: frozen, the convolution does it,
    with other filters and a bias. Hooks on the three layers are then not called.
    """

    def forward(self, x: Tensor) -> Tensor:
        """[B, in, H, W] -> [B, out, H', W']."""
        if self.frozen is None or self.training:
            return super().forward(x)
        return convolved_relu(self[0], x, *self.frozen)

    def constants(self) -> tuple[Tensor, Tensor] | None:
        """The convolution's filters and bias, where the normalisation is no more than that."""
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
    """ReLU of a convolution with other filters; where nothing is recorded, in one pass on a CPU.

    PyTorch itself has oneDNN do both at once only in compiled code.
    """
    by_blocks = isinstance(convolution, Enlarge) and convolution.is_by_blocks(x)
    fuses = HAS_FUSED and not by_blocks and not torch.is_grad_enabled()
    if not fuses or x.device.type != "cpu" or x.dtype != torch.float32:
        return convolution._conv_forward(x, weight, bias).relu_()
    where = convolution.stride, convolution.dilation, convolution.groups
    relu: Any = "relu", [], ""  # which takes no numbers and comes in one kind
    padding = convolution.padding
    if convolution.transposed:
        extra = convolution.output_padding
        return torch.ops.mkldnn._convolution_transpose_pointwise(
            x, weight, bias, padding, extra, *where, *relu
        )
    return torch.ops.mkldnn._convolution_pointwise(x, weight, bias, padding, *where, *relu)


def halve(
    in_channels: int, out_channels: int, *, norm: Callable[[int], nn.Module] = nn.BatchNorm2d
) -> nn.Sequential:
    """[B, in, H, W] -> [B, out, H / 2, W / 2]: convolution 4 x 4, normalisation, ReLU."""
    return Block(
        nn.Conv2d(in_channels, out_channels, 4, stride=2, padding=1, bias=False),
        norm(out_channels),
        nn.ReLU(inplace=True),
    )


def double(
    in_channels: int,
    out_channels: int,
    *,
    norm: Callable[[int], nn.Module] = nn.BatchNorm2d,
    last: bool = False,
) -> nn.Sequential:
    """[B, in, H, W] -> [B, out, 2 H, 2 W]; the network's last block is the convolution alone."""
    conv = Enlarge(in_channels, out_channels)
    if last:
        return nn.Sequential(conv)
    return Block(conv, norm(out_channels), nn.ReLU(inplace=True))
