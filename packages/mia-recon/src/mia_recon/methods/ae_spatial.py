"""ae-spatial: an autoencoder whose code keeps the grid of the image."""

from __future__ import annotations

from torch import nn

from mia_recon.losses.pixel_error import squared_error
from mia_recon.method import Method, MethodInfo, error_map, mean_error
from mia_recon.networks.autoencoder import AutoEncoder, Sizes, decoder, encoder, shape_of


def network(in_channels: int, image_size: int, options: Sizes) -> AutoEncoder:
    """Return the study's autoencoder with a code [B, latent, grid, grid]."""
    shape = shape_of(in_channels, image_size, options)
    features = shape.channels[-1]
    return AutoEncoder(
        encoder(shape),
        pointwise(features, shape.hidden, shape.latent),
        pointwise(shape.latent, shape.hidden, features),
        decoder(shape),
    )


def pointwise(in_channels: int, hidden: int, out_channels: int) -> nn.Sequential:
    """Return convolutions 1 x 1 with one hidden layer, [B, in, H, W] -> [B, out, H, W]."""
    return nn.Sequential(
        nn.Conv2d(in_channels, hidden, 1, bias=False),
        nn.BatchNorm2d(hidden),
        nn.ReLU(inplace=True),
        nn.Conv2d(hidden, out_channels, 1, bias=False),
    )


METHOD = Method(
    info=MethodInfo(
        name="ae-spatial",
        family="reconstruction",
        summary="autoencoder with a spatial code, squared error",
        paper="https://arxiv.org/abs/2004.03271",
        image_size=64,
    ),
    network=network,
    loss=mean_error(squared_error),
    anomaly_map=error_map(squared_error),
)
