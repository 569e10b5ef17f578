"""ae-ssim: an autoencoder that compares structure rather than pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mia_recon.losses.ssim import WINDOW, dissimilarity_map
from mia_recon.method import Method, MethodInfo, error_map, mean_error
from mia_recon.networks.autoencoder import plain_autoencoder

if TYPE_CHECKING:
    from mia_recon.networks.autoencoder import AutoEncoder, Sizes


def network(in_channels: int, image_size: int, options: Sizes) -> AutoEncoder:
    """Return the study's autoencoder, for images that SSIM's window fits into."""
    if image_size < WINDOW:
        msg = f"expected image_size to be at least {WINDOW}, SSIM's window, got {image_size}"
        raise ValueError(msg)
    return plain_autoencoder(in_channels, image_size, options)


METHOD = Method(
    info=MethodInfo(
        name="ae-ssim",
        family="reconstruction",
        summary="autoencoder, 1 - SSIM",
        paper="https://arxiv.org/abs/1807.02011",
        image_size=64,
    ),
    network=network,
    loss=mean_error(dissimilarity_map),
    anomaly_map=error_map(dissimilarity_map),
)
