"""The study's autoencoder: encoder, bottleneck, mirrored decoder."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from itertools import pairwise
from typing import TYPE_CHECKING

from torch import nn

from mia_recon._engine.options import check_counts
from mia_recon.networks.fast import ConvNormReLU, UpsampleConv2d

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """Options of the autoencoder that all of its methods share.

    Attributes:
        latent: Width of the code.
        width: Channels after the first block; they double in each block up to four times that.
        depth: Number of blocks, each of which halves the image.
        hidden: Width of the hidden layer on either side of the code.
    """

    latent: int = 16
    width: int = 16
    depth: int = 4
    hidden: int = 1024


@dataclass(frozen=True, kw_only=True)
class Shape(Sizes):
    """All sizes of an autoencoder.

    Attributes:
        in_channels: Channels of the image.
        image_size: Side of the image, a multiple of 2 to the power of ``depth``.
    """

    in_channels: int
    image_size: int

    def __post_init__(self) -> None:
        check_counts(**asdict(self))
        step = 2**self.depth
        if self.image_size % step:
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
        """Number of values of the encoder's output."""
        return self.channels[-1] * self.grid**2


def shape_of(in_channels: int, image_size: int, options: Sizes) -> Shape:
    """Return the shape that a method's options ask for."""
    sizes = {field.name: getattr(options, field.name) for field in fields(Sizes)}
    return Shape(in_channels=in_channels, image_size=image_size, **sizes)


class AutoEncoder(nn.Module):
    """Encoder, layers to the code, layers from the code, decoder."""

    def __init__(
        self, encoder: nn.Module, to_code: nn.Module, from_code: nn.Module, decoder: nn.Module
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.to_code = to_code
        self.from_code = from_code
        self.decoder = decoder

    def encode(self, x: Tensor) -> Tensor:
        """Return the code of images [B, C, S, S]."""
        return self.to_code(self.encoder(x))

    def decode(self, code: Tensor) -> Tensor:
        """Return the images of a code, [B, out, S, S]."""
        return self.decoder(self.from_code(code))

    def forward(self, x: Tensor) -> Tensor:
        """Reconstruct images: [B, C, S, S] -> [B, out, S, S]."""
        return self.decode(self.encode(x))


def plain_autoencoder(in_channels: int, image_size: int, options: Sizes) -> AutoEncoder:
    """Return the study's autoencoder as a method's ``network``."""
    return autoencoder(shape_of(in_channels, image_size, options))


def autoencoder(
    shape: Shape, *, code_values: int | None = None, out_channels: int | None = None
) -> AutoEncoder:
    """Return the study's autoencoder, with a dense bottleneck.

    Args:
        shape: The sizes.
        code_values: Width of the encoder's output [B, code_values] if it is not the code itself.
        out_channels: Channels of the decoder's output if it is not an image alone.
    """
    return AutoEncoder(
        nn.Sequential(*encoder(shape), nn.Flatten()),
        nn.Sequential(*dense(shape.features, shape.hidden, code_values or shape.latent)),
        nn.Sequential(*dense(shape.latent, shape.hidden, shape.features), to_grid(shape)),
        decoder(shape, out_channels),
    )


def encoder(shape: Shape, norm: Callable[[int], nn.Module] = nn.BatchNorm2d) -> nn.Sequential:
    """Return the encoder, [B, C, S, S] -> [B, 4 width, grid, grid]: each block halves the image."""
    return nn.Sequential(
        *(
            ConvNormReLU(nn.Conv2d(a, b, 4, stride=2, padding=1, bias=False), norm(b))
            for a, b in pairwise(shape.channels)
        )
    )


def decoder(
    shape: Shape,
    out_channels: int | None = None,
    norm: Callable[[int], nn.Module] = nn.BatchNorm2d,
) -> nn.Sequential:
    """Return the mirrored decoder, [B, 4 width, grid, grid] -> [B, out, S, S].

    Each block doubles the image; the last is a transposed convolution alone.
    """
    *channels, _ = shape.channels[::-1]
    return nn.Sequential(
        *(ConvNormReLU(UpsampleConv2d(a, b), norm(b)) for a, b in pairwise(channels)),
        nn.Sequential(UpsampleConv2d(channels[-1], out_channels or shape.in_channels)),
    )


def dense(in_features: int, hidden: int, out_features: int) -> list[nn.Module]:
    """Return the layers [B, in] -> [B, out] with one hidden layer, BatchNorm and ReLU."""
    return [
        nn.Linear(in_features, hidden),
        nn.BatchNorm1d(hidden),
        nn.ReLU(inplace=True),
        nn.Linear(hidden, out_features),
    ]


def to_grid(shape: Shape) -> nn.Unflatten:
    """Return the layer [B, features] -> [B, 4 width, grid, grid]."""
    return nn.Unflatten(1, (shape.channels[-1], shape.grid, shape.grid))
