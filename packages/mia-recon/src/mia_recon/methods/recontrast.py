"""recontrast: features of a frozen and of a trained network, each rebuilt from the other's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from mia_recon._engine.backbones import Backbone
from mia_recon.gaussian_blur import gaussian_blur
from mia_recon.losses.cosine import hard_cosine_distance, summed_distance_map
from mia_recon.method import (
    Method,
    MethodInfo,
    TrainingTask,
    check_choice,
    check_counts,
    check_not_negative,
    check_positive,
    paths_as_text,
)
from mia_recon.methods.rd import SCORES, map_score
from mia_recon.networks.recontrast import ReContrast, draw
from mia_recon.networks.reverse_distillation import check_image_size

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lightning_fabric import Fabric
    from torch import Tensor

    from mia_recon._engine.settings import Settings
    from mia_recon.method import Loss

WEIGHT_DECAY = 1e-5
# Of the threshold between easy and hard places, in deviations; it rises in a tenth of the training.
FIRST_ALPHA, LAST_ALPHA = -3.0, 1.0
RISE = 0.1


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of recontrast.

    Attributes:
        backbone: Network that both encoders start from: ``"wide_resnet50_2"``, as in the original,
            ``"efficientnet-lite0"``, whose weights need no download, or another one with stages of
            strides 4, 8 and 16.
        weights: File with the backbone's state dict; None for its usual place.
        score: An image's score: the ``"mean"`` of its map, as in the original on medical images, or
            its ``"max"``.
        smoothing: Standard deviation, in pixels, of the map's Gaussian blur; 0 for none.
        encoder_learning_rate: Learning rate of the trained encoder.
        steps_per_epoch: Training steps per epoch, passing over the images as often as needed; the
            original trains for 2,000 steps on ISIC2018, 1,000 on OCT and APTOS.
    """

    backbone: str = "wide_resnet50_2"
    weights: str | None = None
    score: str = "mean"
    smoothing: float = 4.0
    encoder_learning_rate: float = 1e-5
    steps_per_epoch: int = 20

    def __post_init__(self) -> None:
        check_choice("score", self.score, SCORES)
        check_counts(steps_per_epoch=self.steps_per_epoch)
        check_not_negative(smoothing=self.smoothing)
        check_positive(encoder_learning_rate=self.encoder_learning_rate)
        paths_as_text(self, "weights")


def network(in_channels: int, image_size: int, options: Options) -> ReContrast:
    """Return the two encoders and the decoder."""
    check_image_size(image_size)
    return ReContrast(Backbone(options.backbone, options.weights))


def start(network: ReContrast, batches: Iterable[Tensor]) -> None:
    """Read the trained encoder's first weights; the images are not needed for that."""
    network.start()


def loss(
    network: ReContrast,
    x: Tensor,
    options: Options,
    generator: torch.Generator,
    alpha: Tensor | float = LAST_ALPHA,
) -> dict[str, Tensor]:
    """Return half the sum over both directions and all levels of 1 - cosine of whole images.

    Only hard places are learned from, see ``hard_cosine_distance``.
    """
    alpha = torch.as_tensor(alpha, device=x.device)
    levels = [hard_cosine_distance(a, b, alpha).mean() for a, b in network(x)]
    return {"loss": torch.stack(levels).sum() / 2}


def anomaly_map(network: ReContrast, x: Tensor, options: Options) -> Tensor:
    """Return the sum of the six maps of 1 - cosine at each place, blurred, [B, 1, S, S]."""
    summed = summed_distance_map(network(x), (x.shape[2], x.shape[3]))
    return gaussian_blur(summed, options.smoothing)


def alpha_of(step: int, steps: int) -> float:
    """Return the threshold's alpha at a step, counted from 0, of so many."""
    rise = (LAST_ALPHA - FIRST_ALPHA) * step / (RISE * steps)
    return min(FIRST_ALPHA + rise, LAST_ALPHA)


class HardMiningTask(TrainingTask):
    """Training step with AdamW, whose loss takes ever fewer places as training goes on.

    Args:
        loss: See ``loss``.
        network: The network, on its device.
        options: The method's.
        settings: Settings of the training, with its number of epochs.
        fabric: Device and precision.
    """

    def __init__(
        self, loss: Loss, network: ReContrast, options: Options, settings: Settings, fabric: Fabric
    ) -> None:
        encoder = list(network.encoder.parameters())
        known = {id(parameter) for parameter in encoder}
        rest = [p for p in network.parameters() if id(p) not in known]
        optimizer = torch.optim.AdamW(
            [
                {"params": rest, "lr": settings.learning_rate},
                {"params": encoder, "lr": options.encoder_learning_rate},
            ],
            weight_decay=WEIGHT_DECAY,
            fused=True,
        )
        super().__init__(
            loss,
            network,
            options,
            settings,
            fabric,
            optimizers={"optimizer": optimizer},
            progress={"done_steps": 0},
        )
        self.steps = settings.epochs * options.steps_per_epoch

    def step(self, images: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        """Take one gradient step on uint8 images [B, C, S, S]; return the loss."""
        # A tensor, so that a compiled loss is not compiled anew for each value.
        alpha = alpha_of(self.progress["done_steps"], self.steps)
        losses = self.losses(images, generator, torch.full((), alpha, device=images.device))
        self.update("optimizer", losses["loss"])
        self.progress["done_steps"] += 1
        return losses


METHOD = Method(
    info=MethodInfo(
        name="recontrast",
        family="reconstruction",
        summary="features of a frozen and a trained network, each rebuilt from the other's",
        paper="https://arxiv.org/abs/2306.02602",
        image_size=224,
        epochs=100,
        batch_size=32,
        learning_rate=2e-3,
    ),
    options=Options,
    network=network,
    draw=draw,
    loss=loss,
    anomaly_map=anomaly_map,
    map_score=map_score,
    reconstruct=None,
    prepare=start,
    task=HardMiningTask,
    follows_epochs=True,
)
