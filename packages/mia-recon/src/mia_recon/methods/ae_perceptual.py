"""ae-perceptual: an autoencoder that compares ImageNet features rather than pixels."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch.nn import functional as F

from mia_recon.losses.perceptual import relative_difference
from mia_recon.method import Method, MethodInfo
from mia_recon.networks.autoencoder import Sizes, plain_autoencoder
from mia_recon.networks.perceptual import PerceptualAutoEncoder

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Options(Sizes):
    """Options of ae-perceptual.

    Attributes:
        weights: File with torchvision's VGG19 state dict; None for torchvision's cache.
        statistics: The original project's file with the mean and the deviation of each feature
            channel on ImageNet; None to measure them on the training images.
    """

    weights: str | None = None
    statistics: str | None = None

    def __post_init__(self) -> None:
        for name in ("weights", "statistics"):
            if getattr(self, name) is not None:
                # The record is frozen; a path becomes text, which JSON can hold.
                object.__setattr__(self, name, os.fspath(getattr(self, name)))


def network(in_channels: int, image_size: int, options: Options) -> PerceptualAutoEncoder:
    """Return the study's autoencoder beside VGG19."""
    if image_size % 8:
        msg = f"expected image_size to be a multiple of 8, which VGG19 needs, got {image_size}"
        raise ValueError(msg)
    autoencoder = plain_autoencoder(in_channels, image_size, options)
    return PerceptualAutoEncoder(autoencoder, options.weights, options.statistics)


def difference(network: PerceptualAutoEncoder, x: Tensor) -> Tensor:
    """Return the difference between the features of image and reconstruction, [B, 1, S/8, S/8]."""
    return relative_difference(network.features(x), network.features(network(x)))


def loss(
    network: PerceptualAutoEncoder, x: Tensor, options: Options, generator: torch.Generator
) -> dict[str, Tensor]:
    """Return the mean relative difference of the features."""
    return {"loss": difference(network, x).mean()}


def anomaly_map(network: PerceptualAutoEncoder, x: Tensor, options: Options) -> Tensor:
    """Return the relative difference of the features, resized to the image, [B, 1, S, S]."""
    coarse = difference(network, x)
    return F.interpolate(coarse, size=x.shape[2:], mode="bilinear", align_corners=False)


METHOD = Method(
    info=MethodInfo(
        name="ae-perceptual",
        family="reconstruction",
        summary="autoencoder, relative difference of VGG19 features",
        paper="https://arxiv.org/abs/2006.13265",
        image_size=64,
    ),
    options=Options,
    network=network,
    loss=loss,
    anomaly_map=anomaly_map,
    prepare=PerceptualAutoEncoder.set_statistics,
    original_files=PerceptualAutoEncoder.set_original_statistics,
)
