"""Training step of a network on normal images: one loss, SGD at a constant rate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightning_fabric import Fabric
    from torch import Tensor

    from mia_ssl._engine.settings import Settings
    from mia_ssl.adapted.method import AdaptedMethod, Penalty
    from mia_ssl.adapted.network import AdaptedNetwork


class AdaptedTask:
    """Training of a network; a ``Task`` of the engine.

    Args:
        method: Method whose loss is minimized.
        network: Network that learns.
        center: Mean of the normal images' features before training, [D].
        penalty: Term of the loss that depends on the weights alone; None for none.
        options: Options of the method.
        settings: Settings of the training.
        fabric: Device and precision.
    """

    def __init__(
        self,
        method: AdaptedMethod,
        network: AdaptedNetwork,
        *,
        center: Tensor,
        penalty: Penalty | None,
        options: Any,
        settings: Settings,
        fabric: Fabric,
    ) -> None:
        self.method = method
        self.network = network
        self.center = center
        self.penalty = penalty
        self.options = options
        self.fabric = fabric
        self.learning = [p for p in network.parameters() if p.requires_grad]
        self.optimizer = torch.optim.SGD(
            self.learning,
            lr=settings.learning_rate,
            momentum=method.momentum,
            weight_decay=options.weight_decay,
        )

    def step(self, images: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        """Take one gradient step on uint8 images [B, C, S, S]; return the terms of the loss."""
        with self.fabric.autocast():
            losses = {
                "loss": self.method.loss(self.network, images, self.center, self.options, generator)
            }
        if self.penalty is not None:
            losses["penalty"] = self.penalty()
            losses["loss"] = losses["loss"] + losses["penalty"]
        self.optimizer.zero_grad(set_to_none=True)
        self.fabric.backward(losses["loss"])
        if self.method.clip_norm is not None:
            torch.nn.utils.clip_grad_norm_(self.learning, self.method.clip_norm)
        self.optimizer.step()
        return losses

    def end_epoch(self, losses: Mapping[str, float]) -> float:
        """Return the learning rate, which is constant."""
        return self.optimizer.param_groups[0]["lr"]

    def state_dict(self) -> dict[str, Any]:
        """Return weights and momentum."""
        return {"network": self.network.state_dict(), "optimizer": self.optimizer.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take back what ``state_dict`` returned."""
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
