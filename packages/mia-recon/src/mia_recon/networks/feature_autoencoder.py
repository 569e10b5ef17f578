"""Autoencoder of the features of a frozen network.

Paper: https://arxiv.org/abs/2208.10992
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mia_recon.networks.feature_statistics import measure_statistics

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mia_recon._engine.backbones import Backbone

HIDDEN = (100, 150, 200, 300)
# Stages of the frozen network in the study; of others, those of these strides.
_STAGES = {"resnet18": (0, 1, 2)}
_STRIDES = (4, 8, 16)
STRIDE = 4  # pixels of the image per cell of the joined features


class FeatureAutoEncoder(nn.Module):
    """A frozen network, and an autoencoder of its joined features.

    Args:
        backbone: The frozen network.
        depth: Number of blocks that halve the features' grid, at most 4.
        dropout: Share of the channels that are set to zero after each block in training.
        is_scaled: Whether ``set_scale`` measures the features' deviations, to divide by them.
    """

    feature_scale: Tensor

    def __init__(
        self, backbone: Backbone, *, depth: int, dropout: float, is_scaled: bool = False
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.stages = stages_of(backbone)
        self.dropout = dropout
        self.is_scaled = is_scaled
        joined = sum(backbone.channels[stage] for stage in self.stages)
        self.register_buffer("feature_scale", torch.ones(joined))
        channels = [joined, *HIDDEN[:depth]]
        self.encoder = nn.ModuleList(_down(a, b) for a, b in pairwise(channels))
        self.middle = nn.Conv2d(channels[-1], channels[-1], 5, padding=2, bias=False)
        self.decoder = nn.ModuleList(_up(a, b) for a, b in pairwise(channels[::-1]))
        self.last = nn.Conv2d(joined, joined, 1, bias=False)

    @torch.no_grad()
    def features(self, x: Tensor) -> Tensor:
        """Return the joined and scaled features [B, F, S/4, S/4] of images in [-1, 1]."""
        return self._raw_features(x) / self.feature_scale.view(1, -1, 1, 1)

    def set_scale(self, batches: Iterable[Tensor]) -> None:
        """Set the features' scale: their deviations on batches of images, or 1."""
        if self.is_scaled:
            self.feature_scale.copy_(measure_statistics(map(self._raw_features, batches)).deviation)

    def _raw_features(self, x: Tensor) -> Tensor:
        size = [side // STRIDE for side in x.shape[2:]]
        stages = self.backbone((x + 1) / 2, self.stages)
        return torch.cat(
            [F.interpolate(s, size=size, mode="bilinear", align_corners=True) for s in stages], 1
        )

    def reconstruct(self, features: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Reconstruct features [B, F, H, W].

        Args:
            features: The result of ``features``.
            generator: Source of the dropout in training; None for no dropout.
        """
        z = features
        for block in self.encoder:
            z = self._drop(block(z), generator)
        z = self.middle(z)
        for block in self.decoder:
            z = self._drop(block(z), generator)
        return self.last(z)

    def _drop(self, z: Tensor, generator: torch.Generator | None) -> Tensor:
        """Set whole channels to zero, as ``nn.Dropout2d``, which draws from no generator."""
        if generator is None or not self.dropout:
            return z
        drawn = torch.rand((*z.shape[:2], 1, 1), generator=generator, device=z.device)
        return z * (drawn >= self.dropout) / (1 - self.dropout)


def stages_of(backbone: Backbone) -> list[int]:
    """Return the numbers of the stages whose features are joined.

    Raises:
        ValueError: The network has none of a suitable stride.
    """
    chosen = [n for n, stride in enumerate(backbone.strides) if stride in _STRIDES]
    if not chosen:
        msg = f"expected a backbone with stages of strides {_STRIDES}, got {backbone.name!r} "
        msg += f"with strides {backbone.strides}"
        raise ValueError(msg)
    return list(_STAGES.get(backbone.name, chosen))


def _down(in_channels: int, out_channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 5, stride=2, padding=2, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.LeakyReLU(0.01, inplace=True),
    )


def _up(in_channels: int, out_channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.ConvTranspose2d(in_channels, out_channels, 6, stride=2, padding=2, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.LeakyReLU(0.01, inplace=True),
    )
