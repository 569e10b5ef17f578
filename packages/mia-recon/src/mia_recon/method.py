"""A reconstruction method: a record of functions, and what a method's file is written with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from mia_recon._engine.adam import adam
from mia_recon._engine.options import (
    check_choice,
    check_counts,
    check_not_negative,
    check_positive,
    paths_as_text,
)
from mia_recon._engine.records import MethodInfo
from mia_recon.networks.autoencoder import Sizes
from mia_recon.training_task import Loss, ReconstructionTask, TrainingTask, normalize

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import torch
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
    "TrainingTask",
    "adam",
    "check_choice",
    "check_counts",
    "check_not_negative",
    "check_positive",
    "error_map",
    "mean_error",
    "normalize",
    "paths_as_text",
]


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
        calls: (options) -> how often the network is called for an image, with noise drawn between
            the calls; None for once.
        counted: (options) -> options of fewer calls, with which operations are counted; None for
            the options as they are.
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
    calls: Callable[[Any], int] | None = None
    counted: Callable[[Any], Any] | None = None
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
