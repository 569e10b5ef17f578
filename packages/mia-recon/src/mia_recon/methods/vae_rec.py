"""vae-rec: the variational autoencoder, scored by the gradient of the reconstruction error."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mia_recon.losses.gradient import input_gradient, per_image
from mia_recon.losses.pixel_error import squared_error
from mia_recon.methods import vae

if TYPE_CHECKING:
    from torch import Tensor

    from mia_recon.networks.autoencoder import AutoEncoder


def anomaly_map(network: AutoEncoder, x: Tensor, options: vae.Options) -> Tensor:
    """Return the magnitude of the reconstruction error's gradient, [B, C, S, S]."""

    def error(x: Tensor) -> Tensor:
        return per_image(
            squared_error(x, vae.decoded(network, x, options, vae.posterior(network, x)))
        )

    return input_gradient(error, x).abs()


METHOD = replace(
    vae.METHOD,
    info=replace(
        vae.METHOD.info,
        name="vae-rec",
        summary="variational autoencoder, gradient of the reconstruction error",
        paper="https://arxiv.org/abs/1907.02796",
    ),
    anomaly_map=anomaly_map,
    needs_gradient=True,
)
