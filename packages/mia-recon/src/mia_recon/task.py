"""One training step of a reconstruction method: Adam on its loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import torch

from mia_recon._engine.adam import adam, load_adam

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightning_fabric import Fabric
    from torch import Tensor

    from mia_recon._engine.settings import Settings


class Loss(Protocol):
    """The training loss of a batch."""

    def __call__(
        self, network: Any, x: Tensor, options: Any, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Terms as scalars; ``"loss"`` is minimised, the others are only reported.

        ``x`` is [B, C, S, S] in [-1, 1]; whatever is drawn at random comes from the generator.
        """
        ...


def normalise(images: Tensor) -> Tensor:
    """uint8 [B, C, H, W] -> float32 in [-1, 1], rounded as ToTensor and Normalize(0.5, 0.5) do.

    All is twice what it is there, and a factor of two changes no digit.
    """
    return images.float().div_(127.5).sub_(1)


def compiled(loss: Loss, settings: Settings) -> Loss:
    """The loss, compiled where the settings say so."""
    return torch.compile(loss) if settings.compile else loss


class ReconstructionTask:
    """A ``Task`` of the engine with one network, one loss and one Adam."""

    def __init__(
        self,
        loss: Loss,
        network: torch.nn.Module,
        options: Any,
        settings: Settings,
        fabric: Fabric,
    ) -> None:
        self.loss = compiled(loss, settings)
        self.network = network
        self.options = options
        self.fabric = fabric
        self.optimizer = adam(network, settings)

    def step(self, images: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        """One gradient step; the loss terms."""
        with self.fabric.autocast():
            losses = self.loss(self.network, normalise(images), self.options, generator)
        self.optimizer.zero_grad()
        self.fabric.backward(losses["loss"])
        self.optimizer.step()
        return losses

    def end_epoch(self, losses: Mapping[str, float]) -> float:
        """The study trains at a constant rate."""
        return self.optimizer.param_groups[0]["lr"]

    def state_dict(self) -> dict[str, Any]:
        """Weights and Adam's moments."""
        return {"network": self.network.state_dict(), "optimizer": self.optimizer.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take back what ``state_dict`` gave."""
        self.network.load_state_dict(state["network"])
        load_adam(self.optimizer, state["optimizer"])
