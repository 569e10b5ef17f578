"""Base of training steps: a loss, a network, its optimizers, their checkpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import torch

from mia_recon._engine.adam import BETAS, adam, load_adam

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightning_fabric import Fabric
    from torch import Tensor, nn

    from mia_recon._engine.settings import Settings


class Loss(Protocol):
    """The training loss of a batch."""

    def __call__(
        self, network: Any, x: Tensor, options: Any, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Return the terms of the loss.

        Args:
            network: The method's, in training mode.
            x: Images [B, C, S, S] in [-1, 1].
            options: The method's.
            generator: The source of all randomness, on the device of the images.

        Returns:
            Scalars by name: ``"loss"`` is minimized, the others are only reported.
        """
        ...


def normalize(images: Tensor) -> Tensor:
    """Map uint8 images [B, C, H, W] to float32 in [-1, 1].

    They are rounded as by ToTensor and Normalize(0.5, 0.5): all is twice what it is there, and a
    factor of two changes no digit.
    """
    return images.float().div_(127.5).sub_(1)


class TrainingTask:
    """A training step's loss, network and optimizers; each method adds its ``step``.

    Args:
        loss: See ``Loss``; compiled if the settings say so.
        network: The network, on its device.
        options: The method's.
        settings: Settings of the training.
        fabric: Device and precision.
        optimizers: Adam or AdamW by name. The first one's learning rate is the one reported.
        progress: How far training has come, by name: plain values that change with the steps.
    """

    def __init__(
        self,
        loss: Loss,
        network: Any,
        options: Any,
        settings: Settings,
        fabric: Fabric,
        *,
        optimizers: Mapping[str, torch.optim.Adam],
        progress: Mapping[str, Any] | None = None,
    ) -> None:
        self.loss: Any = torch.compile(loss) if settings.compile else loss
        self.network = network
        self.options = options
        self.fabric = fabric
        self.optimizers = dict(optimizers)
        self.progress = dict(progress or {})

    def losses(
        self, images: Tensor, generator: torch.Generator, *more: Tensor
    ) -> dict[str, Tensor]:
        """Return the loss of uint8 images [B, C, S, S]; ``more`` are further arguments of it."""
        with self.fabric.autocast():
            return self.loss(self.network, normalize(images), self.options, generator, *more)

    def update(self, name: str, loss: Tensor, part: nn.Module | None = None) -> None:
        """Take a step of an optimizer; with ``part``, only this part takes the loss's gradient."""
        optimizer = self.optimizers[name]
        optimizer.zero_grad()
        self.fabric.backward(loss, inputs=list(part.parameters()) if part else None)
        optimizer.step()

    def learning_rate(self, name: str) -> float:
        """Return the learning rate of an optimizer, that of its first parameters."""
        return self.optimizers[name].param_groups[0]["lr"]

    def end_epoch(self, losses: Mapping[str, float]) -> float:
        """Return the learning rate, which is constant."""
        return self.learning_rate(next(iter(self.optimizers)))

    def state_dict(self) -> dict[str, Any]:
        """Return the weights, each optimizer's moments, and how far training has come."""
        moments = {name: optimizer.state_dict() for name, optimizer in self.optimizers.items()}
        return {"network": self.network.state_dict(), **moments, **self.progress}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the result of ``state_dict``."""
        self.network.load_state_dict(state["network"])
        for name, optimizer in self.optimizers.items():
            load_adam(optimizer, state[name])
        self.progress = {name: state[name] for name in self.progress}


class ReconstructionTask(TrainingTask):
    """Training step with one network, one loss and one Adam at a constant rate.

    Args:
        loss: See ``Loss``.
        network: The network, on its device.
        options: The method's.
        settings: Settings of the training.
        fabric: Device and precision.
        betas: Adam's.
    """

    def __init__(
        self,
        loss: Loss,
        network: nn.Module,
        options: Any,
        settings: Settings,
        fabric: Fabric,
        *,
        betas: tuple[float, float] = BETAS,
    ) -> None:
        optimizers = {"optimizer": adam(network, settings, betas=betas)}
        super().__init__(loss, network, options, settings, fabric, optimizers=optimizers)

    def step(self, images: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        """Take one gradient step on uint8 images [B, C, S, S]; return the terms of the loss."""
        losses = self.losses(images, generator)
        self.update("optimizer", losses["loss"])
        return losses
