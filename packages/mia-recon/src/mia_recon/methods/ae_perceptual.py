"""ae-perceptual: an autoencoder that compares ImageNet features rather than pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch.nn import functional as F

from mia_recon._engine.backbones import Backbone
from mia_recon.losses.perceptual import relative_difference
from mia_recon.method import Method, MethodInfo, paths_as_text
from mia_recon.networks.autoencoder import Sizes, plain_autoencoder
from mia_recon.networks.perceptual import STRIDE, PerceptualAutoEncoder

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Options(Sizes):
    """Options of ae-perceptual.

    Attributes:
        backbone: Frozen network whose features are compared: ``"vgg19"``, as in the study,
            ``"efficientnet-lite0"``, whose weights need no download, or another one with a stage
            of stride 8.
        weights: File with the backbone's state dict; None for its usual place.
        statistics: The original project's file with the mean and the deviation of each feature
            channel on ImageNet; None to measure them on the training images.
    """

    backbone: str = "vgg19"
    weights: str | None = None
    statistics: str | None = None

    def __post_init__(self) -> None:
        paths_as_text(self, "weights", "statistics")


def network(in_channels: int, image_size: int, options: Options) -> PerceptualAutoEncoder:
    """Return the study's autoencoder beside a frozen network."""
    if image_size % STRIDE:
        msg = f"expected image_size to be a multiple of {STRIDE}, the features' stride, "
        msg += f"got {image_size}"
        raise ValueError(msg)
    if options.statistics is not None and options.backbone != "vgg19":
        msg = f"statistics are those of vgg19, got backbone={options.backbone!r}"
        raise ValueError(msg)
    backbone = Backbone(options.backbone, options.weights)
    if STRIDE not in backbone.strides:
        msg = f"expected a backbone with a stage of stride {STRIDE}, got {options.backbone!r} "
        msg += f"with strides {backbone.strides}"
        raise ValueError(msg)
    autoencoder = plain_autoencoder(in_channels, image_size, options)
    return PerceptualAutoEncoder(autoencoder, backbone, options.statistics)


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
