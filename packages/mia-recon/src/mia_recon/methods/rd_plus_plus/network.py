"""A frozen network, projections of its features, and a student that rebuilds them.

Paper: https://openaccess.thecvf.com/content/CVPR2023/html/Tien_Revisiting_Reverse_Distillation_for_Anomaly_Detection_CVPR_2023_paper.html
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from mia_recon._engine.seeding import initialize
from mia_recon.networks.reverse_distillation import (
    OneClassEmbedding,
    Student,
    Widths,
    ends_with_relu,
    stages_of,
)
from mia_recon.networks.reverse_distillation import (
    draw as draw_student,
)

if TYPE_CHECKING:
    from mia_recon._engine.backbones import Backbone


class ProjectedDistillation(nn.Module):
    """A frozen teacher, and a student that sees its features through a trained projection.

    Args:
        backbone: The teacher.

    Raises:
        ValueError: It has no stages of strides 4, 8 and 16.
    """

    def __init__(self, backbone: Backbone) -> None:
        super().__init__()
        self.backbone = backbone
        self.stages = stages_of(backbone)
        widths = Widths.of(backbone)
        self.projections = nn.ModuleList(projection(n) for n in widths.features)
        self.embedding = OneClassEmbedding(widths)
        self.student = Student(widths, rectified=ends_with_relu(backbone))

    @torch.no_grad()
    def features(self, images: Tensor) -> list[Tensor]:
        """Return the teacher's features of strides 4, 8 and 16 of images [B, C, S, S] in [0, 1]."""
        return self.backbone(images, self.stages)

    def project(self, features: list[Tensor]) -> list[Tensor]:
        """Return the projected features, of the same shapes."""
        return [layers(z) for layers, z in zip(self.projections, features, strict=True)]

    def rebuild(self, projected: list[Tensor]) -> list[Tensor]:
        """Return the student's features, of the same shapes as the projected ones."""
        return self.student(self.embedding(projected))

    def forward(self, x: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Return the teacher's and the student's features of images [B, C, S, S] in [-1, 1]."""
        features = self.features((x + 1) / 2)
        return features, self.rebuild(self.project(features))


def projection(channels: int) -> nn.Sequential:
    """Return four convolutions that narrow features to a quarter of their channels, and back."""
    widths = [channels, channels // 2, channels // 4, channels // 2, channels]
    layers: list[nn.Module] = []
    for before, after in pairwise(widths):
        layers += [
            nn.Conv2d(before, after, 3, padding=1),
            nn.InstanceNorm2d(after),
            nn.LeakyReLU(0.01, inplace=True),
        ]
    return nn.Sequential(*layers)


def draw(network: ProjectedDistillation, generator: torch.Generator) -> None:
    """Draw the weights: the student's as those of rd, the projections' from PyTorch's defaults."""
    initialize(network.projections, generator)
    for part in (network.embedding, network.student):
        draw_student(part, generator)
