"""ganomaly: an adversarial autoencoder, scored by the difference of two codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import nn
from torch.nn import functional as F

from mia_recon.losses.gradient import per_image
from mia_recon.method import Method, MethodInfo, check_choice
from mia_recon.methods.ganomaly.network import Ganomaly, ImageNorm
from mia_recon.methods.ganomaly.training_step import AdversarialTask
from mia_recon.networks.autoencoder import Sizes, shape_of

if TYPE_CHECKING:
    import torch
    from torch import Tensor

_NORMS = {"image": ImageNorm, "running": nn.BatchNorm2d}


@dataclass(frozen=True, kw_only=True)
class Options(Sizes):
    """Options of ganomaly.

    Attributes:
        feature_weight: Weight of the discriminator features' squared error in the loss.
        image_weight: Weight of the image's squared error in the loss.
        code_weight: Weight of the code's squared error in the loss.
        bn_mode: The statistics that BatchNorm normalizes an image by when scoring: ``"image"``,
            its own, as in the original code, or ``"running"``, those of the training.
    """

    feature_weight: float = 1.0
    image_weight: float = 50.0
    code_weight: float = 1.0
    bn_mode: str = "image"


def network(in_channels: int, image_size: int, options: Options) -> Ganomaly:
    """Return the generator and the discriminator."""
    check_choice("bn_mode", options.bn_mode, _NORMS)
    shape = shape_of(in_channels, image_size, options)
    if options.bn_mode == "image" and shape.grid < 2:
        msg = (
            f"expected image_size to be at least {2 ** (shape.depth + 1)} with bn_mode='image' "
            f"(one value has no statistics), got {image_size}"
        )
        raise ValueError(msg)
    return Ganomaly(shape, _NORMS[options.bn_mode])


def loss(
    network: Ganomaly, x: Tensor, options: Options, generator: torch.Generator
) -> dict[str, Tensor]:
    """Return the generator's ``loss`` and the ``discriminator_loss``, from one pass of each."""
    code, reconstruction, second_code = network.generator(x)
    real, real_features = network.discriminator(x)
    fake, fake_features = network.discriminator(reconstruction)
    terms = {
        "feature": F.mse_loss(fake_features, real_features),
        "image": F.mse_loss(reconstruction, x),
        "code": F.mse_loss(second_code, code),
    }
    total = (
        options.feature_weight * terms["feature"]
        + options.image_weight * terms["image"]
        + options.code_weight * terms["code"]
    )
    bce = F.binary_cross_entropy_with_logits
    discriminator_loss = (
        bce(real, real.new_ones(real.shape)) + bce(fake, fake.new_zeros(fake.shape))
    ) / 2
    return {"loss": total, **terms, "discriminator_loss": discriminator_loss}


def score(network: Ganomaly, x: Tensor, options: Options) -> Tensor:
    """Return the squared error between the codes of image and reconstruction, [B]."""
    code, _, second_code = network.generator(x)
    return per_image((code - second_code).square())


METHOD = Method(
    info=MethodInfo(
        name="ganomaly",
        family="reconstruction",
        summary="adversarial autoencoder, squared error of the code",
        paper="https://arxiv.org/abs/1805.06725",
        image_size=64,
        has_map=False,
    ),
    options=Options,
    network=network,
    loss=loss,
    anomaly_map=None,
    score=score,
    reconstruct=lambda network, x: network.generator(x)[1],
    task=AdversarialTask,
)
