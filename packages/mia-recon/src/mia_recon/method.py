"""What a reconstruction method is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch
    from torch import Tensor, nn

    from mia_recon._engine.records import MethodInfo


class Loss(Protocol):
    """The training loss of a batch."""

    def __call__(
        self, network: Any, x: Tensor, options: Any, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Terms as scalars; ``"loss"`` is minimised, the others are only reported.

        ``x`` is [B, C, S, S] in [-1, 1]; whatever is drawn at random comes from the generator.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Method:
    """A method as a record of functions.

    Attributes:
        info: Its name, paper and defaults.
        options: Dataclass of its options with their defaults.
        network: (in_channels, image_size, options) -> the network, weights not yet drawn.
        loss: See ``Loss``.
        anomaly_map: (network, x, options) -> score of each pixel, [B, C or 1, S, S].
        reconstruct: (network, x) -> reconstruction [B, C, S, S].
    """

    info: MethodInfo
    options: type[Any]
    network: Callable[[int, int, Any], nn.Module]
    loss: Loss
    anomaly_map: Callable[[Any, Tensor, Any], Tensor]
    reconstruct: Callable[[Any, Tensor], Tensor]
