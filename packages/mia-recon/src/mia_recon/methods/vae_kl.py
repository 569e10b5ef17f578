"""vae-kl: the variational autoencoder, scored by the gradient of the divergence."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mia_recon.losses.gradient import input_gradient
from mia_recon.losses.kl import kl_divergence
from mia_recon.methods import vae

if TYPE_CHECKING:
    from torch import Tensor

    from mia_recon.networks.autoencoder import AutoEncoder


def anomaly_map(network: AutoEncoder, x: Tensor, options: vae.Options) -> Tensor:
    """Return the magnitude of the divergence's gradient, [B, C, S, S]."""
    return input_gradient(lambda x: kl_divergence(*vae.posterior(network, x)), x).abs()


METHOD = replace(
    vae.METHOD,
    info=replace(
        vae.METHOD.info,
        name="vae-kl",
        summary="variational autoencoder, gradient of the divergence",
        paper="https://arxiv.org/abs/1907.02796",
    ),
    anomaly_map=anomaly_map,
    needs_gradient=True,
)
