"""What a reconstruction method is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from mia_recon.networks.autoencoder import Sizes, plain_autoencoder
from mia_recon.task import ReconstructionTask

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import torch
    from torch import Tensor, nn

    from mia_recon._engine.records import MethodInfo
    from mia_recon._engine.training import Task
    from mia_recon.task import Loss


class AnomalyMap(Protocol):
    """Where an image is abnormal."""

    def __call__(self, network: Any, x: Tensor, options: Any) -> Tensor:
        """[B, C, S, S] in [-1, 1] -> score of each pixel, [B, C or 1, S, S]."""
        ...


def forward(network: Any, x: Tensor) -> Tensor:
    """[B, C, S, S] -> what the network gives for it."""
    return network(x)


@dataclass(frozen=True, kw_only=True)
class Method:
    """A method as a record of functions; what is not given is that of the plain autoencoder.

    Attributes:
        info: Its name, paper and defaults.
        options: Dataclass of its options with their defaults.
        network: (in_channels, image_size, options) -> the network, weights not yet drawn.
        loss: See ``mia_recon.task.Loss``.
        anomaly_map: See ``AnomalyMap``; None where the method scores images only.
        score: (network, x, options) -> [B], where that is not the mean of the map.
        reconstruct: (network, x) -> reconstruction [B, C, S, S].
        needs_gradient: Whether the map is a gradient, so that scoring has to record operations.
        prepare: (network, batches of x) -> None: what the network has to know of the training
            images before the first step.
        task: (loss, network, options, settings, fabric) -> the training step, where it is not one
            Adam on the loss.
    """

    info: MethodInfo
    options: type[Any] = Sizes
    network: Callable[[int, int, Any], nn.Module] = plain_autoencoder
    loss: Loss
    anomaly_map: AnomalyMap | None
    score: Callable[[Any, Tensor, Any], Tensor] | None = None
    reconstruct: Callable[[Any, Tensor], Tensor] = forward
    needs_gradient: bool = False
    prepare: Callable[[Any, Iterable[Tensor]], None] | None = None
    task: Callable[..., Task] = ReconstructionTask


def mean_error(error: Callable[[Tensor, Tensor], Tensor]) -> Loss:
    """The loss that is the mean of an error between input and reconstruction."""

    def loss(
        network: Any, x: Tensor, options: Any, generator: torch.Generator
    ) -> dict[str, Tensor]:
        return {"loss": error(x, network(x)).mean()}

    return loss


def error_map(error: Callable[[Tensor, Tensor], Tensor]) -> AnomalyMap:
    """The map that is an error between input and reconstruction."""

    def anomaly_map(network: Any, x: Tensor, options: Any) -> Tensor:
        return error(x, network(x))

    return anomaly_map
