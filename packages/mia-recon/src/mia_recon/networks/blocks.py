"""Convolution blocks that halve and double the image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from mia_recon.networks.enlarge import Enlarge

if TYPE_CHECKING:
    from collections.abc import Callable


def halve(
    in_channels: int, out_channels: int, *, norm: Callable[[int], nn.Module] = nn.BatchNorm2d
) -> nn.Sequential:
    """[B, in, H, W] -> [B, out, H / 2, W / 2]: convolution 4 x 4, normalisation, ReLU."""
    return nn.Sequential(
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
    return nn.Sequential(conv, norm(out_channels), nn.ReLU(inplace=True))
