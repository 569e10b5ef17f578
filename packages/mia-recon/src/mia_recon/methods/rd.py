"""rd: a student rebuilds a frozen network's features from a narrow code (reverse distillation)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import torch

from mia_recon._engine.backbones import Backbone
from mia_recon.gaussian_blur import gaussian_blur
from mia_recon.losses.cosine import cosine_distance, summed_distance_map
from mia_recon.losses.gradient import per_image
from mia_recon.method import (
    Method,
    MethodInfo,
    ReconstructionTask,
    check_choice,
    check_counts,
    check_not_negative,
    paths_as_text,
)
from mia_recon.networks.reverse_distillation import ReverseDistillation, check_image_size, draw

if TYPE_CHECKING:
    from torch import Tensor

SCORES = ("max", "mean")


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of rd.

    Attributes:
        backbone: Frozen network whose features are rebuilt: ``"wide_resnet50_2"``, as in the
            original, ``"efficientnet-lite0"``, whose weights need no download, or another one with
            stages of strides 4, 8 and 16.
        weights: File with the backbone's state dict; None for its usual place.
        score: An image's score: the ``"max"`` of its map, as in the original, or its ``"mean"``.
        smoothing: Standard deviation, in pixels, of the map's Gaussian blur; 0 for none.
        steps_per_epoch: Training steps per epoch, passing over the images as often as needed; the
            original's 200 epochs of about 200 images are 2,600 steps.
    """

    backbone: str = "wide_resnet50_2"
    weights: str | None = None
    score: str = "max"
    smoothing: float = 4.0
    steps_per_epoch: int = 13

    def __post_init__(self) -> None:
        check_choice("score", self.score, SCORES)
        check_counts(steps_per_epoch=self.steps_per_epoch)
        check_not_negative(smoothing=self.smoothing)
        paths_as_text(self, "weights")


def network(in_channels: int, image_size: int, options: Options) -> ReverseDistillation:
    """Return the frozen network and its student."""
    check_image_size(image_size)
    return ReverseDistillation(Backbone(options.backbone, options.weights))


def loss(
    network: ReverseDistillation, x: Tensor, options: Options, generator: torch.Generator
) -> dict[str, Tensor]:
    """Return the sum over the levels of 1 - cosine between whole images' features."""
    levels = [cosine_distance(*pair).mean() for pair in zip(*network(x), strict=True)]
    return {"loss": torch.stack(levels).sum()}


def anomaly_map(network: ReverseDistillation, x: Tensor, options: Options) -> Tensor:
    """Return the sum over the levels of 1 - cosine at each place, blurred, [B, 1, S, S]."""
    size = (x.shape[2], x.shape[3])
    summed = summed_distance_map(zip(*network(x), strict=True), size)
    return gaussian_blur(summed, options.smoothing)


def map_score(pixels: Tensor, options: Options) -> Tensor:
    """Return the maximum or the mean of maps [B, S, S] -> [B]."""
    return pixels.amax((1, 2)) if options.score == "max" else per_image(pixels)


METHOD = Method(
    info=MethodInfo(
        name="rd",
        family="reconstruction",
        summary="student that rebuilds ImageNet features from a code, 1 - cosine",
        paper="https://arxiv.org/abs/2201.10703",
        image_size=256,
        epochs=200,
        batch_size=16,
        learning_rate=5e-3,
    ),
    options=Options,
    network=network,
    draw=draw,
    loss=loss,
    anomaly_map=anomaly_map,
    map_score=map_score,
    reconstruct=None,
    task=partial(ReconstructionTask, betas=(0.5, 0.999)),
)
