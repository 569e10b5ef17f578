"""ae-l1: an autoencoder with absolute error."""

from __future__ import annotations

from mia_recon.losses.pixel_error import absolute_error
from mia_recon.method import Method, MethodInfo, error_map, mean_error
from mia_recon.networks.autoencoder import plain_autoencoder

METHOD = Method(
    info=MethodInfo(
        name="ae-l1",
        family="reconstruction",
        summary="autoencoder, absolute error",
        paper="https://arxiv.org/abs/2404.04518",
        image_size=64,
    ),
    network=plain_autoencoder,
    loss=mean_error(absolute_error),
    anomaly_map=error_map(absolute_error),
)
