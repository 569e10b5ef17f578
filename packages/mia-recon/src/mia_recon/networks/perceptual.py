"""Autoencoder beside the frozen network whose features compare its images."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import torch
from torch import nn

from mia_recon.networks.feature_statistics import measure_statistics, read_statistics

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor

    from mia_recon._engine.backbones import Backbone
    from mia_recon.networks.autoencoder import AutoEncoder
    from mia_recon.networks.feature_statistics import FeatureStatistics


STRIDE = 8  # of the stage whose features are compared
LAYER = "r42"  # VGG19's relu4_2 in the original project's file of statistics


class PerceptualAutoEncoder(nn.Module):
    """Autoencoder and the standardized features of a frozen network.

    The frozen network is not saved; the statistics of its features are.

    Args:
        autoencoder: The part that is trained.
        backbone: The frozen network, of which the stage of stride 8 is used.
        statistics: The original project's file of feature statistics; None to measure them.
    """

    feature_mean: Tensor
    feature_std: Tensor

    def __init__(
        self, autoencoder: AutoEncoder, backbone: Backbone, statistics: str | None
    ) -> None:
        super().__init__()
        self.autoencoder = autoencoder
        self.backbone = backbone
        self.statistics = statistics
        self.stage = backbone.strides.index(STRIDE)
        channels = backbone.channels[self.stage]
        self.register_buffer("feature_mean", torch.zeros(channels))
        self.register_buffer("feature_std", torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        """Reconstruct images [B, C, S, S]."""
        return self.autoencoder(x)

    def features(self, x: Tensor) -> Tensor:
        """Return standardized features [B, F, S/8, S/8] of images in [-1, 1]."""
        mean, std = (v.view(1, -1, 1, 1) for v in (self.feature_mean, self.feature_std))
        return (self._raw_features(x) - mean) / std

    def set_statistics(self, batches: Iterable[Tensor]) -> None:
        """Set the statistics of the features: from the file, or from batches of images."""
        if self.statistics is None:
            self._set(measure_statistics(map(self._raw_features, batches)))
        else:
            self._set(read_statistics(self.statistics, LAYER, len(self.feature_mean)))

    def set_original_statistics(self) -> None:
        """Set the statistics of the features from the file; warn if there is none."""
        if self.statistics is None:
            msg = "without statistics=PATH, features are compared unscaled: the original keeps "
            msg += "their statistics in a file beside its checkpoints"
            warnings.warn(msg, stacklevel=3)
        else:
            self._set(read_statistics(self.statistics, LAYER, len(self.feature_mean)))

    def _set(self, statistics: FeatureStatistics) -> None:
        self.feature_mean.copy_(statistics.mean)
        self.feature_std.copy_(statistics.deviation)

    def _raw_features(self, x: Tensor) -> Tensor:
        (features,) = self.backbone((x + 1) / 2, [self.stage])
        return features
