"""Autoencoder beside the frozen network whose features compare its images."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import torch
from torch import nn

from mia_recon.networks import vgg
from mia_recon.networks.feature_statistics import measure_statistics, read_statistics

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor

    from mia_recon.networks.autoencoder import AutoEncoder
    from mia_recon.networks.feature_statistics import FeatureStatistics


class PerceptualAutoEncoder(nn.Module):
    """Autoencoder and standardized VGG19 features.

    VGG19 is read when it is first needed. It is not trained, so it is neither a parameter nor
    saved; the statistics of its features are saved.

    Args:
        autoencoder: The part that is trained.
        weights: See ``vgg.load_vgg19``.
        statistics: The original project's file of feature statistics; None to measure them.
    """

    feature_mean: Tensor
    feature_std: Tensor

    def __init__(
        self, autoencoder: AutoEncoder, weights: str | None, statistics: str | None
    ) -> None:
        super().__init__()
        self.autoencoder = autoencoder
        self.weights = weights
        self.statistics = statistics
        self.register_buffer("feature_mean", torch.zeros(vgg.CHANNELS))
        self.register_buffer("feature_std", torch.ones(vgg.CHANNELS))
        self._vgg: list[nn.Module] = []  # in a list it is not trained, saved or moved

    def forward(self, x: Tensor) -> Tensor:
        """Reconstruct images [B, C, S, S]."""
        return self.autoencoder(x)

    def features(self, x: Tensor) -> Tensor:
        """Return standardized features [B, 512, S/8, S/8] of images in [-1, 1]."""
        mean, std = (v.view(1, -1, 1, 1) for v in (self.feature_mean, self.feature_std))
        return (self._raw_features(x) - mean) / std

    def set_statistics(self, batches: Iterable[Tensor]) -> None:
        """Set the statistics of the features: from the file, or from batches of images."""
        if self.statistics is None:
            self._set(measure_statistics(map(self._raw_features, batches)))
        else:
            self._set(read_statistics(self.statistics, vgg.LAYER, vgg.CHANNELS))

    def set_original_statistics(self) -> None:
        """Set the statistics of the features from the file; warn if there is none."""
        if self.statistics is None:
            msg = "without statistics=PATH, features are compared unscaled: the original keeps "
            msg += "their statistics in a file beside its checkpoints"
            warnings.warn(msg, stacklevel=3)
        else:
            self._set(read_statistics(self.statistics, vgg.LAYER, vgg.CHANNELS))

    def _set(self, statistics: FeatureStatistics) -> None:
        self.feature_mean.copy_(statistics.mean)
        self.feature_std.copy_(statistics.deviation)

    def _raw_features(self, x: Tensor) -> Tensor:
        if not self._vgg:
            self._vgg.append(vgg.load_vgg19(self.weights, x.device))
        return vgg.features(self._vgg[0].to(x.device), x)
