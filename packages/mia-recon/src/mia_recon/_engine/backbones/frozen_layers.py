"""Layers of frozen networks that give the same numbers and move less memory.

On a CPU, EfficientNet-Lite spends a third of its time writing features to new memory: to normalize
the output of a convolution, and to pad on one side. Each layer here holds the one that it replaces,
which computes on other devices, where a gradient is wanted, where a graph is traced, and where the
features are not float32.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import torch
import torch.nn.functional as F
from torch import nn
from torch.jit._trace import is_tracing

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

_Layer = TypeVar("_Layer", bound=nn.Module)


def replace(
    network: nn.Module, kind: type[_Layer], replacement: Callable[[_Layer], nn.Module]
) -> None:
    """Replace a network's layers of one kind, those of its parts included."""
    for name, child in list(network.named_children()):
        if isinstance(child, kind):
            setattr(network, name, replacement(child))
        else:
            replace(child, kind, replacement)


class InPlaceBatchNorm(nn.Module):
    """Batch normalization by the running statistics, written over its input.

    Args:
        layer: The layer, in evaluation mode, after a convolution whose output nothing else reads;
            timm's has an activation of its own, ``act``.
    """

    scale: Tensor
    shift: Tensor

    def __init__(self, layer: nn.BatchNorm2d) -> None:
        super().__init__()
        self.layer = layer
        self.activation: nn.Module = getattr(layer, "act", nn.Identity())
        assert layer.running_mean is not None
        assert layer.running_var is not None
        # In the order in which PyTorch computes them: the results are equal to the last bit.
        scale = layer.weight.detach() * torch.rsqrt(layer.running_var + layer.eps)
        shift = torch.addcmul(layer.bias.detach(), layer.running_mean, scale, value=-1)
        self.register_buffer("scale", scale[:, None, None])
        self.register_buffer("shift", shift[:, None, None])

    def forward(self, x: Tensor) -> Tensor:
        """Normalize [B, C, H, W]."""
        if _needs_original(x):
            normalized = self.layer(x)
        else:
            normalized = self.activation(torch.addcmul(self.shift, x, self.scale, out=x))
        assert isinstance(normalized, torch.Tensor)
        return normalized


class EvenSameConv(nn.Module):
    """Convolution with stride 2 and TensorFlow's padding "SAME", for images of even sides.

    TensorFlow pads one row and one column more at the lower right. A kernel with zeros before its
    first row and column needs the same padding at all sides, which is no copy.

    Args:
        layer: The convolution, with an odd kernel.
    """

    weight: Tensor

    def __init__(self, layer: nn.Conv2d) -> None:
        super().__init__()
        self.layer = layer
        self.register_buffer("weight", F.pad(layer.weight.detach(), (1, 0, 1, 0)))
        self.padding = (layer.kernel_size[0] - 1) // 2

    def forward(self, x: Tensor) -> Tensor:
        """Convolve [B, C, H, W]."""
        layer = self.layer
        if _needs_original(x) or x.shape[2] % 2 or x.shape[3] % 2:
            convolved = layer(x)
            assert isinstance(convolved, torch.Tensor)
            return convolved
        return F.conv2d(x, self.weight, layer.bias, 2, self.padding, groups=layer.groups)


def _needs_original(x: Tensor) -> bool:
    on_cpu = x.device.type == "cpu" and x.dtype == torch.float32
    return not on_cpu or torch.is_grad_enabled() or is_tracing()
