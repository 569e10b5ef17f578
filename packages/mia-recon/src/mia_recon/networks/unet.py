"""The denoising U-Net: weight-standardized convolutions, Swish, GroupNorm."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mia_recon.networks.fast import Swish, reflect_pad

_TINY = 1e-5


class UNet(nn.Module):
    """Network that halves the image ``depth - 1`` times and doubles it again, with bridges.

    Args:
        in_channels: Channels of the image and of its reconstruction.
        depth: Number of sizes at which convolutions run.
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
        """Reconstruct images [B, C, S, S]; S is a multiple of 2 to the power of ``depth - 1``."""
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
    """Double the image and merge it with the one before it was halved."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.upsample = nn.ConvTranspose2d(in_channels, out_channels, 2, stride=2)
        self.merge = convolutions(2 * out_channels, out_channels)

    def forward(self, x: Tensor, bridge: Tensor) -> Tensor:
        """Merge [B, in, H, W] with the bridge [B, out, 2 H, 2 W]; the bridge's shape."""
        return self.merge(torch.cat([self.upsample(x), bridge], dim=1))


def convolutions(in_channels: int, out_channels: int) -> nn.Sequential:
    """Return two rounds of convolution, Swish and GroupNorm, [B, in, H, W] -> [B, out, H, W]."""
    return nn.Sequential(*_round(in_channels, out_channels), *_round(out_channels, out_channels))


def _round(in_channels: int, out_channels: int) -> list[nn.Module]:
    return [
        WeightStandardizedConv2d(in_channels, out_channels),
        Swish(),
        nn.GroupNorm(groups_of(out_channels), out_channels),
    ]


class WeightStandardizedConv2d(nn.Conv2d):
    """Convolution 3 x 3 whose filters are standardized to mean 0 and deviation 1.

    The image's border is mirrored.

    Paper: https://arxiv.org/abs/1903.10520
    """

    def __init__(self, in_channels: int, out_channels: int, *, bias: bool = True) -> None:
        super().__init__(in_channels, out_channels, 3, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve: [B, in, H, W] -> [B, out, H, W]."""
        flat = self.weight.flatten(1)
        deviation, mean = torch.std_mean(flat, dim=1)
        scale = (deviation + _TINY).view(-1, 1, 1, 1)
        weight = (self.weight - mean.view(-1, 1, 1, 1)) / scale
        return F.conv2d(reflect_pad(x), weight, self.bias)


def groups_of(channels: int) -> int:
    """Return the number of groups: the channels' root, or the next larger divisor."""
    return next(n for n in range(1, channels + 1) if n * n >= channels and channels % n == 0)
