"""fae-mse: an autoencoder of ImageNet features, with squared error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch.nn import functional as F

from mia_recon._engine.backbones import Backbone
from mia_recon.losses.pixel_error import squared_error
from mia_recon.method import Method, MethodInfo, check_choice, check_counts, paths_as_text
from mia_recon.networks.feature_autoencoder import HIDDEN, STRIDE, FeatureAutoEncoder

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch
    from torch import Tensor

SCALINGS = ("auto", "none", "deviation")


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of fae-mse and fae-ssim.

    Attributes:
        backbone: Frozen network whose features are reconstructed: ``"resnet18"``, as in the study,
            ``"efficientnet-lite0"``, whose weights need no download, or another one.
        weights: File with the backbone's state dict; None for its usual place.
        depth: Number of blocks that halve the features' grid, at most 4.
        dropout: Share of the channels that are set to zero after each block in training.
        scaling: ``"none"`` for features as they are; ``"deviation"`` to divide each channel by its
            deviation on the training images; ``"auto"`` for none with the study's resnet18, whose
            features are about as large as the learning rate expects, and otherwise the deviation.
        steps_per_epoch: Training steps per epoch, passing over the images as often as needed; the
            study trains for 10,000 steps.
    """

    backbone: str = "resnet18"
    weights: str | None = None
    depth: int = len(HIDDEN)
    dropout: float = 0.1
    scaling: str = "auto"
    steps_per_epoch: int = 100

    def __post_init__(self) -> None:
        check_choice("scaling", self.scaling, SCALINGS)
        paths_as_text(self, "weights")


def network(in_channels: int, image_size: int, options: Options) -> FeatureAutoEncoder:
    """Return the frozen network and the autoencoder of its features."""
    check_counts(
        image_size=image_size, depth=options.depth, steps_per_epoch=options.steps_per_epoch
    )
    if options.depth > len(HIDDEN):
        msg = f"expected depth to be at most {len(HIDDEN)}, got {options.depth}"
        raise ValueError(msg)
    if not 0 <= options.dropout < 1:
        msg = f"expected dropout to be at least 0 and below 1, got {options.dropout}"
        raise ValueError(msg)
    step = STRIDE * 2**options.depth
    if image_size % step:
        msg = f"expected image_size to be a multiple of {step}, got {image_size}"
        raise ValueError(msg)
    backbone = Backbone(options.backbone, options.weights)
    is_scaled = options.scaling == "deviation" or (
        options.scaling == "auto" and options.backbone != "resnet18"
    )
    return FeatureAutoEncoder(
        backbone, depth=options.depth, dropout=options.dropout, is_scaled=is_scaled
    )


def stretch(coarse: Tensor, size: int) -> Tensor:
    """Resize a map [B, 1, H, W] to the image, corners on corners."""
    return F.interpolate(coarse, size=(size, size), mode="bilinear", align_corners=True)


def feature_method(info: MethodInfo, error: Callable[[Tensor, Tensor], Tensor]) -> Method:
    """Return the method that compares features with their reconstruction.

    Args:
        info: Its facts.
        error: Compares two batches of features [B, F, H, W] place by place, the same shape.
    """

    def loss(
        network: FeatureAutoEncoder, x: Tensor, options: Options, generator: torch.Generator
    ) -> dict[str, Tensor]:
        features = network.features(x)
        return {"loss": error(features, network.reconstruct(features, generator)).mean()}

    def anomaly_map(network: FeatureAutoEncoder, x: Tensor, options: Options) -> Tensor:
        features = network.features(x)
        return error(features, network.reconstruct(features))

    return Method(
        info=info,
        options=Options,
        network=network,
        loss=loss,
        anomaly_map=anomaly_map,
        prepare=FeatureAutoEncoder.set_scale,
        resize_map=stretch,
        reconstruct=None,
    )


METHOD = feature_method(
    MethodInfo(
        name="fae-mse",
        family="reconstruction",
        summary="autoencoder of ImageNet features, squared error",
        paper="https://arxiv.org/abs/2208.10992",
        image_size=128,
        epochs=100,
        learning_rate=5e-4,
    ),
    squared_error,
)
