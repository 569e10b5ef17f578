"""f-anogan: a GAN of normal images, and an encoder that finds the code of an image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F

from mia_recon.losses.gradient import per_image
from mia_recon.losses.pixel_error import absolute_error
from mia_recon.method import (
    Method,
    MethodInfo,
    check_counts,
    check_not_negative,
    check_positive,
    error_map,
)
from mia_recon.methods.f_anogan.network import WIDTHS, FAnoGAN, draw
from mia_recon.methods.f_anogan.training_step import TwoStageTask

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of f-anogan.

    Attributes:
        width: Channels at the size of the image; up to 8 times as many at coarser grids.
        latent: Length of a code.
        penalty_weight: Weight of the gradient penalty in the discriminator's loss.
        feature_weight: Weight of the squared error of the discriminator's features beside that of
            the image, in the encoder's loss and in the score.
        encoder_learning_rate: Learning rate of the encoder.
        steps_per_epoch: Training steps per epoch, passing over the images as often as needed. The
            first half of the epochs trains the GAN, the other half the encoder: by default 10,000
            steps each.
    """

    width: int = 64
    latent: int = 128
    penalty_weight: float = 10.0
    feature_weight: float = 1.0
    encoder_learning_rate: float = 5e-5
    steps_per_epoch: int = 100

    def __post_init__(self) -> None:
        check_counts(width=self.width, latent=self.latent, steps_per_epoch=self.steps_per_epoch)
        check_not_negative(penalty_weight=self.penalty_weight, feature_weight=self.feature_weight)
        check_positive(encoder_learning_rate=self.encoder_learning_rate)


def network(in_channels: int, image_size: int, options: Options) -> FAnoGAN:
    """Return the generator, the discriminator and the encoder."""
    if image_size not in WIDTHS:
        msg = f"expected image_size to be one of {', '.join(map(str, WIDTHS))}, got {image_size}"
        raise ValueError(msg)
    return FAnoGAN(in_channels, image_size, width=options.width, latent=options.latent)


def loss(
    network: FAnoGAN, x: Tensor, options: Options, generator: torch.Generator
) -> dict[str, Tensor]:
    """Return the encoder's loss: the squared errors of image and discriminator's features."""
    reconstruction = network(x)
    with torch.no_grad():
        real = network.discriminator.features(x)
    image = F.mse_loss(reconstruction, x)
    feature = F.mse_loss(network.discriminator.features(reconstruction), real)
    return {"loss": image + options.feature_weight * feature, "image": image, "feature": feature}


def score(network: FAnoGAN, x: Tensor, options: Options) -> Tensor:
    """Return the same errors of each image, [B]."""
    reconstruction = network(x)
    features = network.discriminator.features
    image = per_image((x - reconstruction).square())
    feature = per_image((features(x) - features(reconstruction)).square())
    return image + options.feature_weight * feature


METHOD = Method(
    info=MethodInfo(
        name="f-anogan",
        family="reconstruction",
        summary="GAN of normal images with an encoder, error of image and features",
        paper="https://doi.org/10.1016/j.media.2019.01.010",
        image_size=64,
        epochs=200,
        learning_rate=2e-4,
    ),
    options=Options,
    network=network,
    draw=draw,
    loss=loss,
    anomaly_map=error_map(absolute_error),
    score=score,
    task=TwoStageTask,
    follows_epochs=True,
)
