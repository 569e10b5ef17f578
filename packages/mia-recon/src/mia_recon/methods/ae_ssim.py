"""ae-ssim: an autoencoder that compares structure rather than pixels."""

from __future__ import annotations

from mia_recon._engine.records import MethodInfo
from mia_recon.losses.ssim import dissimilarity_map
from mia_recon.method import Method, error_map, mean_error

METHOD = Method(
    info=MethodInfo(
        name="ae-ssim",
        family="reconstruction",
        summary="autoencoder, 1 - SSIM",
        paper="https://arxiv.org/abs/1807.02011",
        image_size=64,
    ),
    loss=mean_error(dissimilarity_map),
    anomaly_map=error_map(dissimilarity_map),
)
