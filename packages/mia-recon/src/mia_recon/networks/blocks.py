"""Convolution blocks that halve and double the image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import nn

from mia_recon.networks.enlarge import Enlarge

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor


class Block(nn.Sequential):
    """Convolution without bias, normalisation, ReLU.

    When evaluating, BatchNorm multiplies and shifts by constants: the convolution does it, with
    other filters and a bias. Hooks on the two layers are then not called.
    """

    def forward(self, x: Tensor) -> Tensor:
        """[B, in, H, W] -> [B, out, H', W']."""
        layers: list[Any] = list(self)
        convolution, norm, relu = layers
        is_constant = type(norm) is nn.BatchNorm2d and not norm.training
        if not is_constant:
            return super().forward(x)
        scale = norm.weight * (norm.running_var + norm.eps).rsqrt()
        bias = norm.bias - norm.running_mean * scale
        axis = 1 if convolution.transposed else 0  # of the weight's output channels
        weight = convolution.weight * scale.view(-1, *[1] * (3 - axis))
        return relu(convolution._conv_forward(x, weight, bias))


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
