"""The autoencoder whose code keeps the image's grid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from mia_recon.networks.autoencoder import AutoEncoder, decoder, encoder, shape_of

if TYPE_CHECKING:
    from mia_recon.networks.autoencoder import Sizes


def spatial_autoencoder(in_channels: int, image_size: int, options: Sizes) -> AutoEncoder:
    """The backbone with a bottleneck of 1 x 1 convolutions: code [B, latent, grid, grid]."""
    shape = shape_of(in_channels, image_size, options)
    features = shape.channels[-1]
    return AutoEncoder(
        encoder(shape),
        pointwise(features, shape.hidden, shape.latent),
        pointwise(shape.latent, shape.hidden, features),
        decoder(shape),
    )


def pointwise(in_channels: int, hidden: int, out_channels: int) -> nn.Sequential:
    """[B, in, H, W] -> [B, out, H, W], each position on its own."""
    return nn.Sequential(
        nn.Conv2d(in_channels, hidden, 1, bias=False),
        nn.BatchNorm2d(hidden),
        nn.ReLU(inplace=True),
        nn.Conv2d(hidden, out_channels, 1, bias=False),
    )
