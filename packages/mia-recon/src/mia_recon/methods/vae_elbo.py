"""vae-elbo: the variational autoencoder, scored by the gradient of its whole loss."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mia_recon.losses.gradient import input_gradient, per_image
from mia_recon.losses.kl import kl_divergence
from mia_recon.losses.pixel_error import squared_error
from mia_recon.methods import vae

if TYPE_CHECKING:
    from torch import Tensor

    from mia_recon.networks.autoencoder import AutoEncoder


def anomaly_map(network: AutoEncoder, x: Tensor, options: vae.Options) -> Tensor:
    """Return the magnitude of the negative evidence bound's gradient, [B, C, S, S]."""

    def bound(x: Tensor) -> Tensor:
        code = vae.posterior(network, x)
        pixels = per_image(squared_error(x, vae.decoded(network, x, options, code)))
        return pixels + options.kl_weight * kl_divergence(*code)

    return input_gradient(bound, x).abs()


METHOD = replace(
    vae.METHOD,
    info=replace(
        vae.METHOD.info,
        name="vae-elbo",
        summary="variational autoencoder, gradient of the loss",
        paper="https://arxiv.org/abs/1907.02796",
    ),
    anomaly_map=anomaly_map,
    needs_gradient=True,
)
