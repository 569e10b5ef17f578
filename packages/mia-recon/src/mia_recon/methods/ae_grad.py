"""ae-grad: the autoencoder, scored by the gradient of its loss with respect to each pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mia_recon.losses.gradient import input_gradient, per_image
from mia_recon.losses.pixel_error import squared_error
from mia_recon.method import Method, MethodInfo, mean_error
from mia_recon.networks.autoencoder import plain_autoencoder

if TYPE_CHECKING:
    from torch import Tensor

    from mia_recon.networks.autoencoder import AutoEncoder, Sizes


def anomaly_map(network: AutoEncoder, x: Tensor, options: Sizes) -> Tensor:
    """Return the magnitude of the reconstruction loss's gradient, [B, C, S, S]."""
    return input_gradient(lambda x: per_image(squared_error(x, network(x))), x).abs()


METHOD = Method(
    info=MethodInfo(
        name="ae-grad",
        family="reconstruction",
        summary="autoencoder, gradient of the loss",
        paper="https://arxiv.org/abs/2404.04518",
        image_size=64,
    ),
    network=plain_autoencoder,
    loss=mean_error(squared_error),
    anomaly_map=anomaly_map,
    needs_gradient=True,
)
