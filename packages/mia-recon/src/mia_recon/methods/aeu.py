"""aeu: an autoencoder that predicts how uncertain each pixel is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mia_recon.losses.pixel_error import squared_error
from mia_recon.method import Method, MethodInfo
from mia_recon.networks.autoencoder import autoencoder, shape_of

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from mia_recon.networks.autoencoder import AutoEncoder, Sizes


def network(in_channels: int, image_size: int, options: Sizes) -> AutoEncoder:
    """Return the study's autoencoder with two outputs a pixel: mean and log variance."""
    shape = shape_of(in_channels, image_size, options)
    return autoencoder(shape, out_channels=2 * in_channels)


def scaled_error(network: AutoEncoder, x: Tensor) -> tuple[Tensor, Tensor]:
    """Return the squared error over the predicted variance, and the log variance."""
    mean, log_variance = network(x).chunk(2, dim=1)
    return (-log_variance).exp() * squared_error(x, mean), log_variance


def loss(
    network: AutoEncoder, x: Tensor, options: Sizes, generator: torch.Generator
) -> dict[str, Tensor]:
    """Return the negative log likelihood of a normal distribution, without its constants."""
    error, log_variance = scaled_error(network, x)
    terms = {"error": error.mean(), "log_variance": log_variance.mean()}
    return {"loss": terms["error"] + terms["log_variance"], **terms}


METHOD = Method(
    info=MethodInfo(
        name="aeu",
        family="reconstruction",
        summary="autoencoder with predicted uncertainty",
        paper="https://arxiv.org/abs/2006.16816",
        image_size=64,
    ),
    network=network,
    loss=loss,
    anomaly_map=lambda network, x, options: scaled_error(network, x)[0],
    reconstruct=lambda network, x: network(x).chunk(2, dim=1)[0],
)
