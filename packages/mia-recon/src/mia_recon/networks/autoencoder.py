"""The study's autoencoder: encoder, bottleneck, mirrored decoder."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING

from torch import nn

from mia_recon._engine.options import check_counts
from mia_recon.networks.blocks import double, halve

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """What a user can choose about an autoencoder.

    Attributes:
        latent: Width of the code.
        width: Channels after the first block; they double in each block up to four times that.
        depth: Blocks that halve the image.
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
        """Values of the encoder's output."""
        return self.channels[-1] * self.grid**2


def shape_of(in_channels: int, image_size: int, options: Sizes) -> Shape:
    """The shape that a method's options ask for; options that are not sizes are left out."""
    sizes = {field.name: getattr(options, field.name) for field in fields(Sizes)}
    return Shape(in_channels=in_channels, image_size=image_size, **sizes)


class AutoEncoder(nn.Module):
    """Four parts in a row; the methods' networks differ in what the parts are."""

    def __init__(
        self, encoder: nn.Module, to_code: nn.Module, from_code: nn.Module, decoder: nn.Module
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.to_code = to_code
        self.from_code = from_code
        self.decoder = decoder

    def encode(self, x: Tensor) -> Tensor:
        """[B, C, S, S] -> code."""
        return self.to_code(self.encoder(x))

    def decode(self, code: Tensor) -> Tensor:
        """Code -> [B, out, S, S]."""
        return self.decoder(self.from_code(code))

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, S, S] -> its reconstruction, [B, out, S, S]."""
        return self.decode(self.encode(x))


def autoencoder(
    shape: Shape, *, code_values: int | None = None, out_channels: int | None = None
) -> AutoEncoder:
    """The backbone with a dense bottleneck, its code [B, code_values].

    Args:
        shape: The sizes.
        code_values: What the encoder gives, where that is not the code itself.
        out_channels: What the decoder gives, where that is not an image alone.
    """
    return AutoEncoder(
        nn.Sequential(*encoder(shape), nn.Flatten()),
        nn.Sequential(*dense(shape.features, shape.hidden, code_values or shape.latent)),
        nn.Sequential(*dense(shape.latent, shape.hidden, shape.features), to_grid(shape)),
        decoder(shape, out_channels),
    )


def plain_autoencoder(in_channels: int, image_size: int, options: Sizes) -> AutoEncoder:
    """The backbone as a method's ``network``."""
    return autoencoder(shape_of(in_channels, image_size, options))


def encoder(shape: Shape, norm: Callable[[int], nn.Module] = nn.BatchNorm2d) -> nn.Sequential:
    """[B, C, S, S] -> [B, 4 width, grid, grid]."""
    pairs = zip(shape.channels[:-1], shape.channels[1:], strict=True)
    return nn.Sequential(*(halve(a, b, norm=norm) for a, b in pairs))


def decoder(
    shape: Shape,
    out_channels: int | None = None,
    norm: Callable[[int], nn.Module] = nn.BatchNorm2d,
) -> nn.Sequential:
    """[B, 4 width, grid, grid] -> [B, out, S, S], the encoder backwards."""
    channels = shape.channels[::-1]
    channels[-1] = out_channels or shape.in_channels
    last = shape.depth - 1
    return nn.Sequential(
        *(double(channels[i], channels[i + 1], norm=norm, last=i == last) for i in range(last + 1))
    )


def dense(in_features: int, hidden: int, out_features: int) -> list[nn.Module]:
    """[B, in] -> [B, out] over one hidden layer with BatchNorm and ReLU."""
    return [
        nn.Linear(in_features, hidden),
        nn.BatchNorm1d(hidden),
        nn.ReLU(inplace=True),
        nn.Linear(hidden, out_features),
    ]


def to_grid(shape: Shape) -> nn.Unflatten:
    """[B, features] -> [B, 4 width, grid, grid]."""
    return nn.Unflatten(1, (shape.channels[-1], shape.grid, shape.grid))
