"""vae-combi: the variational autoencoder, scored by error times gradient of the divergence."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mia_recon.losses.gradient import input_gradient
from mia_recon.losses.kl import kl_divergence
from mia_recon.losses.pixel_error import squared_error
from mia_recon.methods import vae

if TYPE_CHECKING:
    from torch import Tensor

    from mia_recon.networks.autoencoder import AutoEncoder


def anomaly_map(network: AutoEncoder, x: Tensor, options: vae.Options) -> Tensor:
    """Return the squared error times the magnitude of the divergence's gradient, [B, C, S, S]."""
    codes = []

    def divergence(x: Tensor) -> Tensor:
        codes.append(vae.posterior(network, x))  # kept, so that the encoder runs once
        return kl_divergence(*codes[0])

    gradient = input_gradient(divergence, x)
    mean, log_variance = codes[0]
    error = squared_error(
        x, vae.decoded(network, x, options, (mean.detach(), log_variance.detach()))
    )
    return error * gradient.abs()


METHOD = replace(
    vae.METHOD,
    info=replace(
        vae.METHOD.info,
        name="vae-combi",
        summary="variational autoencoder, error times gradient of the divergence",
        paper="https://arxiv.org/abs/1907.02796",
    ),
    anomaly_map=anomaly_map,
    needs_gradient=True,
)
