"""rd++: reverse distillation whose student sees the features through a trained projection."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from mia_recon._engine.backbones import Backbone
from mia_recon.losses.cosine import cosine_distance, cosine_distance_map
from mia_recon.losses.sinkhorn import sinkhorn_divergence
from mia_recon.method import Method, MethodInfo, check_counts, check_not_negative, check_positive
from mia_recon.methods import rd
from mia_recon.methods.rd_plus_plus.network import ProjectedDistillation, draw
from mia_recon.methods.rd_plus_plus.noise import add_noise
from mia_recon.methods.rd_plus_plus.training_step import AccumulatingTask
from mia_recon.networks.reverse_distillation import check_image_size

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

# Of the terms of the projections' loss, whose sum is divided by the sum of the weights.
RECONSTRUCTION_WEIGHT, CONTRAST_WEIGHT = 0.01, 0.1
WHOLE_WEIGHT = 1 + RECONSTRUCTION_WEIGHT + CONTRAST_WEIGHT
MARGIN = 0.5  # cosine below which features of noisy images are far enough
SIMPLEX_DIAMETER = math.sqrt(2)  # between vectors of shares that sum to 1


@dataclass(frozen=True, kw_only=True)
class Options(rd.Options):
    """Options of rd++, besides those of rd.

    Attributes:
        projection_weight: Weight of the projections' loss beside that of the student.
        transport_weight: Weight of the Sinkhorn divergence in the projections' loss, 1 in the
            original. It compares the features of a batch with the same features in another order,
            which makes it 0, and its gradient too.
        noise_strength: Factor of the noise in images from 0 to 1.
        projection_learning_rate: Learning rate of the projections.
        accumulated_batches: Batches whose gradients are summed for one step of Adam.
    """

    projection_weight: float = 0.2
    transport_weight: float = 0.0
    noise_strength: float = 0.2
    projection_learning_rate: float = 1e-3
    accumulated_batches: int = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        check_not_negative(
            projection_weight=self.projection_weight,
            transport_weight=self.transport_weight,
            noise_strength=self.noise_strength,
        )
        check_positive(projection_learning_rate=self.projection_learning_rate)
        check_counts(accumulated_batches=self.accumulated_batches)


def network(in_channels: int, image_size: int, options: Options) -> ProjectedDistillation:
    """Return the frozen network, the projections and the student."""
    check_image_size(image_size)
    return ProjectedDistillation(Backbone(options.backbone, options.weights))


def loss(
    network: ProjectedDistillation, x: Tensor, options: Options, generator: torch.Generator
) -> dict[str, Tensor]:
    """Return the student's loss, that of rd, and the terms of the projections' loss."""
    images = (x + 1) / 2
    features = network.features(images)
    noisy = network.features(add_noise(images, options.noise_strength, generator))
    projected = network.project(features)
    rebuilt = network.rebuild(projected)
    terms = {
        "distillation": total(cosine_distance, features, rebuilt),
        "reconstruction": total(cosine_distance_map, network.project(noisy), projected),
        "contrast": total(contrast, noisy, projected),
    }
    projection = (
        RECONSTRUCTION_WEIGHT * terms["reconstruction"] + CONTRAST_WEIGHT * terms["contrast"]
    )
    if options.transport_weight:
        order = torch.randperm(len(x), generator=generator, device=x.device)
        terms["transport"] = transport(projected, order)
        projection = projection + options.transport_weight * terms["transport"]
    whole = terms["distillation"] + options.projection_weight * projection / WHOLE_WEIGHT
    return {"loss": whole, **terms}


def total(distance: Callable[[Tensor, Tensor], Tensor], a: list[Tensor], b: list[Tensor]) -> Tensor:
    """Return the sum over the levels of the mean distance."""
    return torch.stack([distance(*pair).mean() for pair in zip(a, b, strict=True)]).sum()


def contrast(noisy: Tensor, projected: Tensor) -> Tensor:
    """Return by how much the cosine of whole images' features is above the margin, [B]."""
    return (1 - cosine_distance(noisy, projected) - MARGIN).relu()


def transport(projected: list[Tensor], order: Tensor) -> Tensor:
    """Return the Sinkhorn divergence between features and those of the batch in another order."""
    shares = [level.float().flatten(1).softmax(1) for level in projected]
    levels = [sinkhorn_divergence(z, z[order], diameter=SIMPLEX_DIAMETER) for z in shares]
    return torch.stack(levels).sum()


METHOD = Method(
    info=MethodInfo(
        name="rd++",
        family="reconstruction",
        summary="rd with trained projections of the features, which forget noise",
        paper="https://openaccess.thecvf.com/content/CVPR2023/html/"
        "Tien_Revisiting_Reverse_Distillation_for_Anomaly_Detection_CVPR_2023_paper.html",
        image_size=256,
        epochs=200,
        batch_size=16,
        learning_rate=5e-3,
    ),
    options=Options,
    network=network,
    draw=draw,
    loss=loss,
    anomaly_map=rd.anomaly_map,
    map_score=rd.map_score,
    reconstruct=None,
    task=AccumulatingTask,
)
