"""f-AnoGAN's generator, discriminator and encoder, made of residual blocks.

Paper: https://doi.org/10.1016/j.media.2019.01.010
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from torch import Tensor, nn
from torch.nn import functional as F

from mia_recon._engine.seeding import initialize

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

    Norm = Callable[[int, int], nn.Module]

SMALLEST = 4  # side of the grid that the blocks start from, or end at
# Image size -> channels at the grids of 4 x 4 up to the image's, in multiples of the width.
WIDTHS = {
    32: (8, 4, 2, 1),
    64: (8, 8, 4, 2, 1),
    128: (8, 8, 4, 4, 2, 1),
}


class FAnoGAN(nn.Module):
    """A generator, its discriminator, and an encoder of images into the generator's codes.

    Args:
        in_channels: Channels of the images.
        image_size: Side of the images, one of ``WIDTHS``.
        width: Channels at the size of the image.
        latent: Length of a code.
    """

    def __init__(self, in_channels: int, image_size: int, *, width: int, latent: int) -> None:
        super().__init__()
        channels = [width * factor for factor in WIDTHS[image_size]]
        self.latent = latent
        self.generator = Generator(channels, in_channels, latent)
        self.discriminator = Discriminator(channels, in_channels)
        self.encoder = nn.Sequential(
            Trunk(channels, in_channels, _batch_norm),
            nn.Linear(channels[0] * SMALLEST**2, latent),
            nn.Tanh(),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return reconstructions of images, both [B, C, S, S] in [-1, 1]."""
        return self.generator(self.encoder(x))


class Generator(nn.Module):
    """Draws images from codes.

    Args:
        channels: At each grid from the smallest to that of the image.
        out_channels: Channels of the images.
        latent: Length of a code.
    """

    def __init__(self, channels: list[int], out_channels: int, latent: int) -> None:
        super().__init__()
        self.first = nn.Linear(latent, channels[0] * SMALLEST**2)
        self.blocks = nn.Sequential(*(UpBlock(a, b) for a, b in pairwise(channels)))
        self.last = nn.Sequential(
            nn.BatchNorm2d(channels[-1]),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels[-1], out_channels, 3, padding=1),
            nn.Tanh(),
        )

    def forward(self, code: Tensor) -> Tensor:
        """Return images [B, C, S, S] in [-1, 1] of codes [B, latent]."""
        return self.last(self.blocks(self.first(code).unflatten(1, (-1, SMALLEST, SMALLEST))))


class Discriminator(nn.Module):
    """Tells how real images look, without a bound; it mirrors the generator."""

    def __init__(self, channels: list[int], in_channels: int) -> None:
        super().__init__()
        self.features = Trunk(channels, in_channels, _layer_norm)
        self.last = nn.Linear(channels[0] * SMALLEST**2, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return a value [B] for each of the images [B, C, S, S]."""
        return self.last(self.features(x))[:, 0]


class Trunk(nn.Sequential):
    """Convolution and blocks that halve the grid down to the smallest, [B, C, S, S] -> [B, F].

    Args:
        channels: At each grid from the smallest to that of the image.
        in_channels: Channels of the images.
        norm: (channels, side of the grid) -> normalization.
    """

    def __init__(self, channels: list[int], in_channels: int, norm: Norm) -> None:
        downwards = channels[::-1]
        sides = [SMALLEST * 2**n for n in range(len(channels))][::-1]
        super().__init__(
            nn.Conv2d(in_channels, downwards[0], 3, padding=1),
            *(
                DownBlock(before, after, side, norm)
                for (before, after), side in zip(pairwise(downwards), sides, strict=False)
            ),
            nn.Flatten(),
        )


class UpBlock(nn.Module):
    """Residual block that doubles the grid: [B, before, H, W] -> [B, after, 2 H, 2 W]."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.BatchNorm2d(before),
            nn.ReLU(),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(before, after, 3, padding=1, bias=False),
            nn.BatchNorm2d(after),
            nn.ReLU(inplace=True),
            nn.Conv2d(after, after, 3, padding=1),
        )
        self.shortcut = nn.Conv2d(before, after, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the block; the shortcut's convolution comes first, where there are fewer pixels."""
        return self.body(x) + F.interpolate(self.shortcut(x), scale_factor=2)


class DownBlock(nn.Module):
    """Residual block that halves the grid: [B, before, H, W] -> [B, after, H / 2, W / 2].

    Args:
        before: Channels of the input.
        after: Channels of the output.
        side: Of the input's grid, H and W.
        norm: (channels, side of the grid) -> normalization.
    """

    def __init__(self, before: int, after: int, side: int, norm: Norm) -> None:
        super().__init__()
        self.body = nn.Sequential(
            norm(before, side),
            nn.ReLU(),
            nn.Conv2d(before, before, 3, padding=1, bias=False),
            norm(before, side),
            nn.ReLU(inplace=True),
            nn.AvgPool2d(2),
            nn.Conv2d(before, after, 1),
        )
        self.shortcut = nn.Sequential(nn.AvgPool2d(2), nn.Conv2d(before, after, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Apply the block; means are taken before convolutions 1 x 1, which gives the same."""
        return self.body(x) + self.shortcut(x)


def draw(network: FAnoGAN, generator: torch.Generator) -> None:
    """Draw convolutions from He's normal and linear layers from Glorot's uniform distribution.

    Biases are 0.

    Paper: https://arxiv.org/abs/1502.01852, https://proceedings.mlr.press/v9/glorot10a.html
    """
    initialize(network, generator)
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, generator=generator)
        elif isinstance(layer, nn.Linear):
            nn.init.xavier_uniform_(layer.weight, generator=generator)
        if isinstance(layer, (nn.Conv2d, nn.Linear)) and layer.bias is not None:
            nn.init.zeros_(layer.bias)


def _batch_norm(channels: int, side: int) -> nn.Module:
    return nn.BatchNorm2d(channels)


def _layer_norm(channels: int, side: int) -> nn.Module:
    """Return a normalization over channels and places, which mixes no images of a batch."""
    return nn.LayerNorm([channels, side, side])
