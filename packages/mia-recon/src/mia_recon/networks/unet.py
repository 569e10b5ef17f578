"""The denoising U-Net: weight-standardised convolutions, Swish, GroupNorm."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mia_recon.networks.reflect import reflect

_TINY = 1e-5
# Below it Swish and its slope are nothing beside what they are added to.
_LOWEST = -30.0


class StandardisedConv2d(nn.Conv2d):
    """A convolution 3 x 3 whose filters are shifted and scaled to mean 0 and deviation 1.

    The image's border is mirrored. Paper: https://arxiv.org/abs/1903.10520
    """

    def __init__(self, in_channels: int, out_channels: int, *, bias: bool = True) -> None:
        super().__init__(in_channels, out_channels, 3, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """[B, in, H, W] -> [B, out, H, W]."""
        flat = self.weight.flatten(1)
        deviation, mean = torch.std_mean(flat, dim=1)
        scale = (deviation + _TINY).view(-1, 1, 1, 1)
        weight = (self.weight - mean.view(-1, 1, 1, 1)) / scale
        return F.conv2d(reflect(x), weight, self.bias)


class Swish(nn.Module):
    """x sigmoid(x), free of subnormal numbers.

    Filters of deviation 1 make sums of a hundred and more. Where these are negative, Swish's slope
    is so small that the gradient becomes subnormal, which slows a CPU's convolutions by a factor of
    ten; it is 0 there.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Element by element; overwrites its input."""
        return F.silu(F.threshold(x, _LOWEST, _LOWEST, inplace=True))


class UNet(nn.Module):
    """Halves the image ``depth - 1`` times and comes back, with a bridge at each size.

    Args:
        in_channels: Channels of the image and of its reconstruction.
        depth: Sizes at which convolutions run.
        filters: Channels at full size; they double with each halving.
    """

    def __init__(self, in_channels: int, *, depth: int, filters: int) -> None:
        super().__init__()
        channels = [filters * 2**level for level in range(depth)]
        pairs = list(zip([in_channels, *channels], channels, strict=False))
        self.down = nn.ModuleList(convolutions(a, b) for a, b in pairs)
        self.up = nn.ModuleList(Up(b, a) for a, b in pairs[:0:-1])
        self.last = nn.Conv2d(filters, in_channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, S, S] -> the same shape; S a multiple of 2 to the power of ``depth - 1``."""
        bridges = []
        for block in self.down[:-1]:
            x = block(x)
            bridges.append(x)
            x = F.avg_pool2d(x, 2)
        x = self.down[-1](x)
        for up in self.up:
            x = up(x, bridges.pop())
        return self.last(x)


class Up(nn.Module):
    """Doubles the image and merges it with what was there before it was halved."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.enlarge = nn.ConvTranspose2d(in_channels, out_channels, 2, stride=2)
        self.merge = convolutions(2 * out_channels, out_channels)

    def forward(self, x: Tensor, bridge: Tensor) -> Tensor:
        """[B, in, H, W] and [B, out, 2 H, 2 W] -> [B, out, 2 H, 2 W]."""
        return self.merge(torch.cat([self.enlarge(x), bridge], dim=1))


def convolutions(in_channels: int, out_channels: int) -> nn.Sequential:
    """[B, in, H, W] -> [B, out, H, W]."""
    return nn.Sequential(*_half(in_channels, out_channels), *_half(out_channels, out_channels))


def _half(in_channels: int, out_channels: int) -> list[nn.Module]:
    return [
        StandardisedConv2d(in_channels, out_channels),
        Swish(),
        nn.GroupNorm(groups_of(out_channels), out_channels),
    ]


def groups_of(channels: int) -> int:
    """As many groups as channels in a group, or the next number above that divides."""
    return next(n for n in range(1, channels + 1) if n * n >= channels and channels % n == 0)
