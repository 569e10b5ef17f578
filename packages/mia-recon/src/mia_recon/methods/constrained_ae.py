"""constrained-ae: an autoencoder whose reconstruction must have the image's code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.nn import functional as F

from mia_recon.losses.pixel_error import squared_error
from mia_recon.method import Method, MethodInfo, error_map
from mia_recon.networks.autoencoder import plain_autoencoder

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from mia_recon.networks.autoencoder import AutoEncoder, Sizes


def loss(
    network: AutoEncoder, x: Tensor, options: Sizes, generator: torch.Generator
) -> dict[str, Tensor]:
    """Return the mean squared error of the image plus that of its code."""
    code = network.encode(x)
    reconstruction = network.decode(code)
    pixels = squared_error(x, reconstruction).mean()
    codes = F.mse_loss(network.encode(reconstruction), code)
    return {"loss": pixels + codes, "reconstruction": pixels, "code": codes}


METHOD = Method(
    info=MethodInfo(
        name="constrained-ae",
        family="reconstruction",
        summary="autoencoder, squared error of image and code",
        paper="https://arxiv.org/abs/1806.04972",
        image_size=64,
    ),
    network=plain_autoencoder,
    loss=loss,
    anomaly_map=error_map(squared_error),
)
