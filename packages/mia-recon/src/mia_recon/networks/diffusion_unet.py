"""U-Net of a diffusion model: it predicts the noise in an image from the image and the time step.

Paper: Ho et al., NeurIPS 2020, https://arxiv.org/abs/2006.11239; Dhariwal and Nichol, NeurIPS 2021,
https://arxiv.org/abs/2105.05233
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F

if TYPE_CHECKING:
    from collections.abc import Sequence

_GROUPS = 32
_LONGEST = 10_000  # period of the time embedding, in steps


class DiffusionUNet(nn.Module):
    """U-Net of residual blocks with a time embedding, and self-attention at the smaller sizes.

    The last convolution of each residual block and of the whole begins at zero.

    Args:
        in_channels: Channels of the images and of the noise.
        channels: Channels at each image size, the full one first; multiples of 32.
        attention: Whether there is self-attention, for each size.
        blocks: Residual blocks at each size; on the way up there is one more.
        heads: Heads of each self-attention; the channels are multiples of it.
    """

    def __init__(
        self,
        in_channels: int,
        *,
        channels: Sequence[int],
        attention: Sequence[bool],
        blocks: int,
        heads: int,
    ) -> None:
        super().__init__()
        self.width = channels[0]
        embedded = 4 * self.width
        self.time = nn.Sequential(
            nn.Linear(self.width, embedded), nn.SiLU(), nn.Linear(embedded, embedded)
        )
        self.first = nn.Conv2d(in_channels, self.width, 3, padding=1)
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        skips, width = [self.width], self.width
        for level, (out, attends) in enumerate(zip(channels, attention, strict=True)):
            for _ in range(blocks):
                self.down.append(Block(width, out, embedded, heads if attends else 0))
                width = out
                skips.append(width)
            if level < len(channels) - 1:
                self.down.append(Downsample(width))
                skips.append(width)
        self.middle = nn.ModuleList(
            [
                Block(width, width, embedded, heads),
                Block(width, width, embedded, 0),
            ]
        )
        for level in reversed(range(len(channels))):
            out, attends = channels[level], attention[level]
            for _ in range(blocks + 1):
                self.up.append(Block(width + skips.pop(), out, embedded, heads if attends else 0))
                width = out
            if level > 0:
                self.up.append(Upsample(width))
        self.last = nn.Sequential(
            nn.GroupNorm(_GROUPS, width), nn.SiLU(), nn.Conv2d(width, in_channels, 3, padding=1)
        )

    def forward(self, x: Tensor, steps: Tensor) -> Tensor:
        """Predict the noise [B, C, S, S] in images [B, C, S, S] at time steps [B]."""
        time = F.silu(self.time(time_embedding(steps, self.width)))
        x = self.first(x)
        skips = [x]
        for layer in self.down:
            x = layer(x, time)
            skips.append(x)
        for block in self.middle:
            x = block(x, time)
        for layer in self.up:
            x = layer(torch.cat((x, skips.pop()), 1) if isinstance(layer, Block) else x, time)
        return self.last(x)

    def zero_last(self) -> None:
        """Set to zero what begins at zero."""
        blocks = [each for each in self.modules() if isinstance(each, Block)]
        for layer in (self.last[2], *(block.conv2 for block in blocks)):
            for parameter in layer.parameters():
                nn.init.zeros_(parameter)


def time_embedding(steps: Tensor, width: int) -> Tensor:
    """Return cosines and sines of the time steps [B] at ``width / 2`` frequencies, [B, width]."""
    half = width // 2
    exponents = torch.arange(half, device=steps.device, dtype=torch.float32) / half
    angles = steps.float()[:, None] * torch.exp(-math.log(_LONGEST) * exponents)
    return torch.cat((angles.cos(), angles.sin()), 1)


class Block(nn.Module):
    """Residual block with the time embedding, and self-attention of so many heads after it."""

    def __init__(self, in_channels: int, out_channels: int, embedded: int, heads: int) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(_GROUPS, in_channels)
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.time = nn.Linear(embedded, out_channels)
        self.norm2 = nn.GroupNorm(_GROUPS, out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        same = in_channels == out_channels
        self.shortcut = nn.Identity() if same else nn.Conv2d(in_channels, out_channels, 1)
        self.attention = Attention(out_channels, heads) if heads else nn.Identity()

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        """Return [B, out_channels, H, W] for [B, in_channels, H, W] and embeddings [B, E]."""
        h = self.conv1(F.silu(self.norm1(x)))
        h = h + self.time(time)[:, :, None, None]
        h = self.conv2(F.silu(self.norm2(h)))
        return self.attention(self.shortcut(x) + h)


class Attention(nn.Module):
    """Self-attention over all places of an image, added to it."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.GroupNorm(_GROUPS, channels)
        self.projections = nn.Linear(channels, 3 * channels)
        self.out = nn.Linear(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Return [B, C, H, W] of the same shape."""
        batch, channels, height, width = x.shape
        places = self.norm(x).flatten(2).transpose(1, 2)
        projected = self.projections(places).view(batch, height * width, 3, self.heads, -1)
        query, key, value = projected.permute(2, 0, 3, 1, 4)
        found = F.scaled_dot_product_attention(query, key, value)
        found = self.out(found.transpose(1, 2).reshape(batch, height * width, channels))
        return x + found.transpose(1, 2).view(x.shape)


class Downsample(nn.Module):
    """Convolution that halves the size."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, stride=2, padding=1)

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        """Return [B, C, H / 2, W / 2]; the time has no part in it."""
        return self.conv(x)


class Upsample(nn.Module):
    """Doubling of the size by repeated pixels, and a convolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        """Return [B, C, 2 H, 2 W]; the time has no part in it."""
        return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))
