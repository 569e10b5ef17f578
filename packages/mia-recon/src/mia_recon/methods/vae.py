"""vae: a variational autoencoder, scored by squared error."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from mia_recon._engine.seeding import generator as seeded
from mia_recon.losses.kl import kl_divergence
from mia_recon.losses.pixel_error import squared_error
from mia_recon.method import Method, MethodInfo
from mia_recon.networks.autoencoder import Sizes, autoencoder, shape_of

if TYPE_CHECKING:
    from torch import Tensor

    from mia_recon.networks.autoencoder import AutoEncoder


@dataclass(frozen=True, kw_only=True)
class Options(Sizes):
    """Options of vae and of the methods that score it by gradients.

    Attributes:
        kl_weight: Weight of the divergence in the loss.
        sample_at_test: Decode a sample of the code instead of its mean when scoring, as the
            original code does; drawn from a generator that the image itself seeds.
    """

    kl_weight: float = 0.005
    sample_at_test: bool = False


def network(in_channels: int, image_size: int, options: Options) -> AutoEncoder:
    """Return the study's autoencoder whose encoder gives mean and log variance of the code."""
    shape = shape_of(in_channels, image_size, options)
    return autoencoder(shape, code_values=2 * shape.latent)


def posterior(network: AutoEncoder, x: Tensor) -> tuple[Tensor, Tensor]:
    """Return the mean and the log variance of the code, [B, latent] each."""
    mean, log_variance = network.encode(x).chunk(2, dim=1)
    return mean, log_variance


def sample(mean: Tensor, log_variance: Tensor, noise: Tensor) -> Tensor:
    """Return the code that belongs to standard normal noise [B, latent]."""
    return mean + (log_variance / 2).exp() * noise


def loss(
    network: AutoEncoder, x: Tensor, options: Options, generator: torch.Generator
) -> dict[str, Tensor]:
    """Return the negative evidence lower bound with a sampled code."""
    shape = (len(x), options.latent)
    noise = torch.randn(shape, generator=generator, device=x.device)
    return bound(network, x, options, noise)


def bound(network: AutoEncoder, x: Tensor, options: Options, noise: Tensor) -> dict[str, Tensor]:
    """Return the mean squared error plus the weighted divergence.

    Args:
        network: The method's.
        x: Images [B, C, S, S].
        options: The method's.
        noise: Standard normal [B, latent]; zeros decode the mean.
    """
    mean, log_variance = posterior(network, x)
    pixels = squared_error(x, network.decode(sample(mean, log_variance, noise))).mean()
    kl = kl_divergence(mean, log_variance).mean()
    return {"loss": pixels + options.kl_weight * kl, "reconstruction": pixels, "kl": kl}


def decoded(
    network: AutoEncoder, x: Tensor, options: Options, code: tuple[Tensor, Tensor]
) -> Tensor:
    """Return the reconstruction that is scored: of the mean code, or of a sample if asked for."""
    mean, log_variance = code
    if options.sample_at_test:
        mean = sample(mean, log_variance, noise_of_images(x, options.latent))
    return network.decode(mean)


def noise_of_images(x: Tensor, latent: int) -> Tensor:
    """Return standard normal noise [B, latent] that depends on each image alone."""
    rows = [
        torch.randn(latent, generator=seeded(zlib.crc32(image.tobytes())))
        for image in x.detach().cpu().numpy()
    ]
    return torch.stack(rows).to(x.device)


def anomaly_map(network: AutoEncoder, x: Tensor, options: Options) -> Tensor:
    """Return the squared error of each pixel, [B, C, S, S]."""
    return squared_error(x, decoded(network, x, options, posterior(network, x)))


def reconstruct(network: AutoEncoder, x: Tensor) -> Tensor:
    """Decode the mean code, [B, C, S, S]."""
    return network.decode(posterior(network, x)[0])


METHOD = Method(
    info=MethodInfo(
        name="vae",
        family="reconstruction",
        summary="variational autoencoder, squared error",
        paper="https://arxiv.org/abs/1312.6114",
        image_size=64,
    ),
    options=Options,
    network=network,
    loss=loss,
    anomaly_map=anomaly_map,
    reconstruct=reconstruct,
)
