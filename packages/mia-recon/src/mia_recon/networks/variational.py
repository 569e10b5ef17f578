"""The variational autoencoder as functions of the plain one's parts."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import torch

from mia_recon._engine.seeding import generator
from mia_recon.networks.autoencoder import autoencoder, shape_of

if TYPE_CHECKING:
    from torch import Tensor

    from mia_recon.networks.autoencoder import AutoEncoder, Sizes


def variational_autoencoder(in_channels: int, image_size: int, options: Sizes) -> AutoEncoder:
    """The backbone whose encoder gives mean and log variance of the code."""
    shape = shape_of(in_channels, image_size, options)
    return autoencoder(shape, code_values=2 * shape.latent)


def posterior(network: AutoEncoder, x: Tensor) -> tuple[Tensor, Tensor]:
    """[B, C, S, S] -> mean and log variance of the code, [B, latent] each."""
    mean, log_variance = network.encode(x).chunk(2, dim=1)
    return mean, log_variance


def sample(mean: Tensor, log_variance: Tensor, noise: Tensor) -> Tensor:
    """The code that standard normal noise [B, latent] stands for."""
    return mean + (log_variance / 2).exp() * noise


def noise_of_images(x: Tensor, latent: int) -> Tensor:
    """Standard normal noise [B, latent] that an image always gets, in whatever batch it comes."""
    rows = [
        torch.randn(latent, generator=generator(zlib.crc32(image.tobytes())))
        for image in x.detach().cpu().numpy()
    ]
    return torch.stack(rows).to(x.device)
