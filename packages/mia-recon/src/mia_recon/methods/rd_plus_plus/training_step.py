"""Training step with two learning rates, whose gradients are summed over several batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from mia_recon.method import TrainingTask

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightning_fabric import Fabric
    from torch import Tensor

    from mia_recon._engine.settings import Settings
    from mia_recon.method import Loss

BETAS = (0.5, 0.999)


class AccumulatingTask(TrainingTask):
    """Training step of a network with ``projections``, which learn at a rate of their own.

    Args:
        loss: See ``Loss``.
        network: The network, on its device.
        options: The method's.
        settings: Settings of the training.
        fabric: Device and precision.
    """

    def __init__(
        self, loss: Loss, network: Any, options: Any, settings: Settings, fabric: Fabric
    ) -> None:
        student = [*network.embedding.parameters(), *network.student.parameters()]
        groups: list[dict[str, Any]] = [
            {"params": student, "lr": settings.learning_rate},
            {"params": [*network.projections.parameters()], "lr": options.projection_learning_rate},
        ]
        optimizer = torch.optim.Adam(groups, betas=BETAS, fused=True)
        super().__init__(
            loss, network, options, settings, fabric, optimizers={"optimizer": optimizer}
        )
        # Batches whose gradients wait for a step; none at the end of an epoch, so that a checkpoint
        # need not keep them.
        self.waiting = 0

    def step(self, images: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        """Add the gradients of uint8 images [B, C, S, S]; return the terms of the loss.

        Every ``accumulated_batches``-th call takes a step.
        """
        losses = self.losses(images, generator)
        self.fabric.backward(losses["loss"])
        self.waiting += 1
        if self.waiting == self.options.accumulated_batches:
            self._update()
        return losses

    def end_epoch(self, losses: Mapping[str, float]) -> float:
        """Take a step with the gradients that wait for one; return the student's learning rate."""
        if self.waiting:
            self._update()
        return super().end_epoch(losses)

    def _update(self) -> None:
        self.optimizers["optimizer"].step()
        self.optimizers["optimizer"].zero_grad()
        self.waiting = 0
