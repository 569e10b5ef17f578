"""The study's autoencoder: encoder, dense bottleneck, mirrored decoder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import nn

from mia_recon.networks.blocks import double, halve

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Sizes of an autoencoder.

    Attributes:
        in_channels: Channels of the image.
        image_size: Side of the image, a multiple of 2 to the power of ``depth``.
        latent: Width of the code.
        width: Channels after the first block; they double in each block up to four times that.
        depth: Blocks that halve the image.
        hidden: Width of the hidden layer on either side of the code.
    """

    in_channels: int
    image_size: int
    latent: int = 16
    width: int = 16
    depth: int = 4
    hidden: int = 1024

    def __post_init__(self) -> None:
        step = 2**self.depth
        if self.image_size < step or self.image_size % step:
            msg = f"expected image_size to be a multiple of {step}, got {self.image_size}"
            raise ValueError(msg)

    @property
    def channels(self) -> list[int]:
        """Channels of the image and after each block of the encoder."""
        return [self.in_channels, *(self.width * min(2**i, 4) for i in range(self.depth))]

    @property
    def grid(self) -> int:
        """Side of the encoder's output."""
        return self.image_size // 2**self.depth

    @property
    def features(self) -> int:
        """Values of the encoder's output."""
        return self.channels[-1] * self.grid**2


def encoder(shape: Shape) -> nn.Sequential:
    """[B, C, S, S] -> [B, 4 width, grid, grid]."""
    pairs = zip(shape.channels[:-1], shape.channels[1:], strict=True)
    return nn.Sequential(*(halve(a, b) for a, b in pairs))


def decoder(shape: Shape, out_channels: int | None = None) -> nn.Sequential:
    """[B, 4 width, grid, grid] -> [B, out, S, S], the encoder backwards."""
    channels = shape.channels[::-1]
    channels[-1] = out_channels or shape.in_channels
    last = shape.depth - 1
    return nn.Sequential(
        *(double(channels[i], channels[i + 1], last=i == last) for i in range(shape.depth))
    )


def dense(in_features: int, hidden: int, out_features: int) -> nn.Sequential:
    """[B, in] -> [B, out] over one hidden layer with BatchNorm and ReLU."""
    return nn.Sequential(
        nn.Linear(in_features, hidden),
        nn.BatchNorm1d(hidden),
        nn.ReLU(inplace=True),
        nn.Linear(hidden, out_features),
    )


class AutoEncoder(nn.Module):
    """Encoder, dense bottleneck, decoder: the backbone that most of the methods share."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.encoder = encoder(shape)
        self.to_code = dense(shape.features, shape.hidden, shape.latent)
        self.from_code = dense(shape.latent, shape.hidden, shape.features)
        self.decoder = decoder(shape)

    def encode(self, x: Tensor) -> Tensor:
        """[B, C, S, S] -> code [B, latent]."""
        return self.to_code(self.encoder(x).flatten(1))

    def decode(self, code: Tensor) -> Tensor:
        """Code [B, latent] -> [B, C, S, S]."""
        grid = self.shape.grid
        return self.decoder(self.from_code(code).unflatten(1, (-1, grid, grid)))

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, S, S] -> its reconstruction, the same shape."""
        return self.decode(self.encode(x))
