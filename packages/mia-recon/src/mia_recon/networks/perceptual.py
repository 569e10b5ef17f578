"""Autoencoder beside the frozen network whose features compare its images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from mia_recon.networks import vgg

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor

    from mia_recon.networks.autoencoder import AutoEncoder

_TINY = 1e-6


class PerceptualAutoEncoder(nn.Module):
    """Autoencoder and standardized VGG19 features.

    VGG19 is read when it is first needed. It is not trained, so it is neither a parameter nor
    saved; the statistics of its features are saved.

    Args:
        autoencoder: The part that is trained.
        weights: See ``vgg.load_vgg19``.
    """

    feature_mean: Tensor
    feature_std: Tensor

    def __init__(self, autoencoder: AutoEncoder, weights: str | None) -> None:
        super().__init__()
        self.autoencoder = autoencoder
        self.weights = weights
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

    def measure(self, batches: Iterable[Tensor]) -> None:
        """Store the mean and standard deviation of each channel over batches of images."""
        count = 0
        sums = torch.zeros(2, vgg.CHANNELS, dtype=torch.float64)
        for x in batches:
            raw = self._raw_features(x)
            raw = (raw.cpu() if raw.device.type == "mps" else raw).double()  # MPS has no float64
            sums += torch.stack([raw.sum((0, 2, 3)), raw.square().sum((0, 2, 3))]).cpu()
            count += raw[:, 0].numel()
        mean, square = sums / count
        self.feature_mean.copy_(mean)
        self.feature_std.copy_((square - mean.square()).clamp(min=_TINY**2).sqrt())

    def _raw_features(self, x: Tensor) -> Tensor:
        if not self._vgg:
            self._vgg.append(vgg.load_vgg19(self.weights, x.device))
        return vgg.features(self._vgg[0].to(x.device), x)
