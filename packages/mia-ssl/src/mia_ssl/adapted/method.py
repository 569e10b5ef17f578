"""Record of a method of adapted features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from mia_ssl._engine.records import MethodInfo
    from mia_ssl.adapted.network import AdaptedNetwork
    from mia_ssl.adapted.options import AdaptedOptions

IMAGENET_SIZE = 224


class Loss(Protocol):
    """The training loss of a batch."""

    def __call__(
        self,
        network: AdaptedNetwork,
        images: Tensor,
        center: Tensor,
        options: Any,
        generator: torch.Generator,
    ) -> Tensor:
        """Return the loss, a scalar.

        Args:
            network: Network that is trained.
            images: Normal images, uint8 [B, C, S, S].
            center: Mean of the normal images' features before training, [D].
            options: Options of the method.
            generator: Source of all randomness, on the device of the images.
        """
        ...


class Penalty(Protocol):
    """A term of the loss that depends on the weights alone."""

    def __call__(self) -> Tensor:
        """Return the penalty of the weights as they are, a scalar."""
        ...


class MakePenalty(Protocol):
    """Makes the penalty of a training."""

    def __call__(self, network: AdaptedNetwork, options: Any) -> Penalty | None:
        """Return the penalty of moving away from the weights as they are, or None for none.

        Raises:
            FileNotFoundError: A file that the options name does not exist.
            ValueError: It does not fit the network.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class AdaptedMethod:
    """A method of adapted features, as its file in ``methods`` describes it.

    Attributes:
        info: Name, paper and defaults of the training.
        options: Dataclass of its options.
        loss: See ``Loss``.
        unit_length: Whether features are scaled to length 1.
        crop: Side of the square in the middle of an image that is used, as a share of the image's.
        momentum: Momentum of SGD.
        clip_norm: Largest norm of a step's gradient; None for any.
        make_penalty: See ``MakePenalty``; None for a loss without one.
    """

    info: MethodInfo
    options: type[AdaptedOptions]
    loss: Loss
    unit_length: bool = False
    crop: float = 1.0
    momentum: float = 0.0
    clip_norm: float | None = None
    make_penalty: MakePenalty | None = None
