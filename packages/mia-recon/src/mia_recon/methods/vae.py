"""vae: a variational autoencoder, scored by squared error; the loss its gradient scores share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from mia_recon._engine.records import MethodInfo
from mia_recon.losses.errors import squared_error
from mia_recon.losses.kl import kl_divergence
from mia_recon.method import Method
from mia_recon.networks.autoencoder import Sizes
from mia_recon.networks.variational import (
    noise_of_images,
    posterior,
    sample,
    variational_autoencoder,
)

if TYPE_CHECKING:
    from torch import Tensor

    from mia_recon.networks.autoencoder import AutoEncoder


@dataclass(frozen=True, kw_only=True)
class Options(Sizes):
    """Sizes, the weight of the divergence, and what is decoded.

    Attributes:
        kl_weight: Of the divergence in the loss.
        sample_at_test: Decode a sample of the code instead of its mean when scoring, as the
            original code does; drawn from a generator that the image itself seeds.
    """

    kl_weight: float = 0.005
    sample_at_test: bool = False


def loss(
    network: AutoEncoder, x: Tensor, options: Options, generator: torch.Generator
) -> dict[str, Tensor]:
    """The negative evidence bound with a sampled code."""
    shape = (len(x), options.latent)
    noise = torch.randn(shape, generator=generator, device=x.device)
    return bound(network, x, options, noise)


def bound(network: AutoEncoder, x: Tensor, options: Options, noise: Tensor) -> dict[str, Tensor]:
    """Mean squared error and weighted divergence; noise [B, latent], zero to decode the mean."""
    mean, log_variance = posterior(network, x)
    pixels = squared_error(x, network.decode(sample(mean, log_variance, noise))).mean()
    kl = kl_divergence(mean, log_variance).mean()
    return {"loss": pixels + options.kl_weight * kl, "reconstruction": pixels, "kl": kl}


def decoded(
    network: AutoEncoder, x: Tensor, options: Options, code: tuple[Tensor, Tensor]
) -> Tensor:
    """What is scored of a code's mean and log variance: the mean, or a sample where asked."""
    mean, log_variance = code
    if options.sample_at_test:
        mean = sample(mean, log_variance, noise_of_images(x, options.latent))
    return network.decode(mean)


def anomaly_map(network: AutoEncoder, x: Tensor, options: Options) -> Tensor:
    """Squared error of each pixel, [B, C, S, S]."""
    return squared_error(x, decoded(network, x, options, posterior(network, x)))


def reconstruct(network: AutoEncoder, x: Tensor) -> Tensor:
    """The mean code decoded, [B, C, S, S]."""
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
    network=variational_autoencoder,
    loss=loss,
    anomaly_map=anomaly_map,
    reconstruct=reconstruct,
)
