"""fae-ssim: an autoencoder of ImageNet features that compares their structure."""

from __future__ import annotations

from dataclasses import replace

from mia_recon.losses.ssim import feature_dissimilarity
from mia_recon.methods import fae_mse

METHOD = fae_mse.feature_method(
    replace(
        fae_mse.METHOD.info,
        name="fae-ssim",
        summary="autoencoder of ImageNet features, 1 - SSIM",
    ),
    feature_dissimilarity,
)
