"""A reconstruction method: a record of functions, and the training step that most of them use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import torch

from mia_recon._engine.adam import BETAS, adam, load_adam
from mia_recon._engine.options import (
    check_choice,
    check_counts,
    check_not_negative,
    check_positive,
    paths_as_text,
)
from mia_recon._engine.records import MethodInfo
from mia_recon.networks.autoencoder import Sizes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from lightning_fabric import Fabric
    from torch import Tensor, nn

    from mia_recon._engine.settings import Settings
    from mia_recon._engine.training import Task

# What a file of a method is written with; see docs/new-method.md.
__all__ = [
    "AnomalyMap",
    "Loss",
    "Method",
    "MethodInfo",
    "ReconstructionTask",
    "adam",
    "check_choice",
    "check_counts",
    "check_not_negative",
    "check_positive",
    "compiled",
    "error_map",
    "load_adam",
    "mean_error",
    "normalize",
    "paths_as_text",
]


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


class AnomalyMap(Protocol):
    """The anomaly map of a batch."""

    def __call__(self, network: Any, x: Tensor, options: Any) -> Tensor:
        """Return the score of each pixel, [B, C or 1, S, S], of images [B, C, S, S] in [-1, 1].

        Methods with ``resize_map`` give a map of another grid.
        """
        ...


def forward(network: Any, x: Tensor) -> Tensor:
    """Return the network's output for images [B, C, S, S]."""
    return network(x)


@dataclass(frozen=True, kw_only=True)
class Method:
    """A reconstruction method.

    By default it is trained by one Adam on its loss (``ReconstructionTask``), and an image's score
    is the mean of its map.

    Attributes:
        info: Its name, paper and defaults.
        options: Dataclass of its options with their defaults; an option ``steps_per_epoch`` sets
            the length of an epoch.
        network: (in_channels, image_size, options) -> the network; its weights are drawn later.
        draw: (network, generator) -> None: draw the weights; None for PyTorch's distributions.
        loss: See ``Loss``.
        anomaly_map: See ``AnomalyMap``; None if the method only scores whole images.
        resize_map: (map of another grid, image size) -> map [B, 1, S, S]; a score remains the mean
            of the map before it.
        score: (network, x, options) -> scores [B] that replace the mean of the map.
        map_score: (map [B, S, S], options) -> scores [B]; None for its mean.
        reconstruct: (network, x) -> reconstructions [B, C, S, S]; None if there are no images.
        needs_gradient: Whether the map is a gradient, so that scoring must record operations.
        prepare: (network, batches of x) -> None: called before training, to measure the training
            images or to read weights that it starts from.
        original_files: (network) -> None: read the files that the original keeps beside its
            checkpoint, when ``load_medianomaly`` has loaded one.
        task: (loss, network, options, settings, fabric) -> the training step.
        counted: (options) -> the options that operations are counted with and how often they are
            done; None for the options as they are, once.
        follows_epochs: Whether a step depends on the total number of epochs, ``settings.epochs``.
    """

    info: MethodInfo
    options: type[Any] = Sizes
    network: Callable[[int, int, Any], nn.Module]
    draw: Callable[[Any, torch.Generator], None] | None = None
    loss: Loss
    anomaly_map: AnomalyMap | None
    resize_map: Callable[[Tensor, int], Tensor] | None = None
    score: Callable[[Any, Tensor, Any], Tensor] | None = None
    map_score: Callable[[Tensor, Any], Tensor] | None = None
    reconstruct: Callable[[Any, Tensor], Tensor] | None = forward
    needs_gradient: bool = False
    prepare: Callable[[Any, Iterable[Tensor]], None] | None = None
    original_files: Callable[[Any], None] | None = None
    task: Callable[..., Task] | None = None
    counted: Callable[[Any], tuple[Any, int]] | None = None
    follows_epochs: bool = False

    def make_task(
        self, network: nn.Module, options: Any, settings: Settings, fabric: Fabric
    ) -> Task:
        """Return the training step of a network on its device."""
        make = self.task or ReconstructionTask
        return make(self.loss, network, options, settings, fabric)


def mean_error(error: Callable[[Tensor, Tensor], Tensor]) -> Loss:
    """Return the loss that is the mean of an error between image and reconstruction."""

    def loss(
        network: Any, x: Tensor, options: Any, generator: torch.Generator
    ) -> dict[str, Tensor]:
        return {"loss": error(x, network(x)).mean()}

    return loss


def error_map(error: Callable[[Tensor, Tensor], Tensor]) -> AnomalyMap:
    """Return the map that is an error between image and reconstruction."""

    def anomaly_map(network: Any, x: Tensor, options: Any) -> Tensor:
        return error(x, network(x))

    return anomaly_map


def normalize(images: Tensor) -> Tensor:
    """Map uint8 images [B, C, H, W] to float32 in [-1, 1].

    They are rounded as by ToTensor and Normalize(0.5, 0.5): all is twice what it is there, and a
    factor of two changes no digit.
    """
    return images.float().div_(127.5).sub_(1)


def compiled(loss: Loss, settings: Settings) -> Loss:
    """Return the loss, compiled if the settings say so."""
    return torch.compile(loss) if settings.compile else loss


class ReconstructionTask:
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
        self.loss = compiled(loss, settings)
        self.network = network
        self.options = options
        self.fabric = fabric
        self.optimizer = adam(network, settings, betas=betas)

    def step(self, images: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        """Take one gradient step on uint8 images [B, C, S, S]; return the terms of the loss."""
        with self.fabric.autocast():
            losses = self.loss(self.network, normalize(images), self.options, generator)
        self.optimizer.zero_grad()
        self.fabric.backward(losses["loss"])
        self.optimizer.step()
        return losses

    def end_epoch(self, losses: Mapping[str, float]) -> float:
        """Return the learning rate, which is constant."""
        return self.optimizer.param_groups[0]["lr"]

    def state_dict(self) -> dict[str, Any]:
        """Return the weights and Adam's moments."""
        return {"network": self.network.state_dict(), "optimizer": self.optimizer.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the result of ``state_dict``."""
        self.network.load_state_dict(state["network"])
        load_adam(self.optimizer, state["optimizer"])
