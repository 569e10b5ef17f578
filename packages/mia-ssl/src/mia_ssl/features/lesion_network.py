"""Small network that finds synthetic lesions in the features of a frozen one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import nn

from mia_ssl._engine.seeding import initialize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from mia_ssl.feature_grid import FeatureGrid

WIDTH = 64
DROPOUT = 0.1


class LesionNetwork(nn.Module):
    """Two convolutions over the standardized features of all stages.

    Args:
        channels: Channels of each stage.
    """

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        self.projections = nn.ModuleList(
            nn.Conv2d(count, WIDTH, 1, bias=number == 0) for number, count in enumerate(channels)
        )
        self.middle = nn.Conv2d(WIDTH, WIDTH, 3, padding=1)
        self.last = nn.Conv2d(WIDTH, 1, 1)
        self.requires_grad_(requires_grad=False)
        for number, count in enumerate(channels):
            self.register_buffer(f"mean_{number}", torch.zeros(count, 1, 1))
            self.register_buffer(f"scale_{number}", torch.ones(count, 1, 1))

    def prepare(self, stages: Sequence[Tensor], generator: torch.Generator) -> None:
        """Draw the weights; take means and deviations of the channels from normal images."""
        initialize(self, generator)
        for number, stage in enumerate(stages):
            deviation, mean = torch.std_mean(stage.float(), (0, 2, 3), keepdim=True)
            getattr(self, f"mean_{number}").copy_(mean[0])
            getattr(self, f"scale_{number}").copy_(1 / deviation[0].clamp(min=1e-6))

    def forward(
        self, stages: Sequence[Tensor], grids: Sequence[FeatureGrid], keep: Tensor | None = None
    ) -> Tensor:
        """Return the logit of a lesion at each cell of the first stage, [B, h, w].

        Args:
            stages: Features of each stage, [B, D, h, w].
            grids: Place of each stage's cells in the image.
            keep: Factors of the hidden channels, [B, WIDTH, 1, 1], while it is trained.
        """
        parts = []
        for number, (stage, grid) in enumerate(zip(stages, grids, strict=True)):
            mean, scale = getattr(self, f"mean_{number}"), getattr(self, f"scale_{number}")
            # A linear map of the channels and an interpolation can change places; first the map,
            # since it leaves fewer channels.
            projected = self.projections[number]((stage.float() - mean) * scale)
            parts.append(grid.onto(grids[0], projected))
        hidden = F.relu(sum(parts[1:], parts[0]))
        if keep is not None:
            hidden = hidden * keep
        logits: Tensor = self.last(F.relu(self.middle(hidden)))
        return logits[:, 0]


def train_lesion_network(
    network: LesionNetwork,
    changed: tuple[Sequence[Tensor], Tensor],
    normal: Sequence[Tensor],
    grids: Sequence[FeatureGrid],
    *,
    steps: int,
    generator: torch.Generator,
) -> None:
    """Train on images with a lesion and on normal ones, three of the former to one of the latter.

    Args:
        network: The network, prepared.
        changed: Features of each stage of the images with a lesion, [N, D, h, w], and the share of
            each cell of the first stage that the lesion covers, [N, h, w].
        normal: Features of each stage of normal images, [M, D, h, w].
        grids: Place of each stage's cells in the image.
        steps: Steps of 32 images.
        generator: Source of the batches and the dropout.
    """
    features, covered = changed
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps)
    network.requires_grad_(requires_grad=True)
    for _ in range(steps):
        with_lesion = torch.randint(len(covered), (24,), generator=generator)
        without = torch.randint(len(normal[0]), (8,), generator=generator)
        batch = [
            torch.cat([a[with_lesion], b[without]]) for a, b in zip(features, normal, strict=True)
        ]
        target = torch.cat([covered[with_lesion], covered.new_zeros(8, *covered.shape[1:])])
        keep = torch.rand(32, WIDTH, 1, 1, generator=generator) >= DROPOUT
        logits = network(batch, grids, keep / (1 - DROPOUT))
        loss = F.binary_cross_entropy_with_logits(logits, target.float())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    network.requires_grad_(requires_grad=False)
