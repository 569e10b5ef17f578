"""Record of a frozen network and of where its weights come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True, kw_only=True)
class Source:
    """A frozen network and its weights.

    Attributes:
        channels: Channels of each stage.
        strides: Pixels of the image per cell of each stage.
        make: Makes the network: (x, stages) -> features of these stages.
        find: (path given by the user, or None) -> path of the weights.
        load: (path of the weights) -> the network with them.
        freeze: Replaces layers of a network that is never trained by faster ones, see
            ``frozen_layers``.
        takes_turns: Whether it cannot compute in several threads at a time.
        default: Returns where the weights are by default, see ``MethodInfo.weights``.
        sha256: The weights' SHA-256 or its first digits, if they are known.
        mean: Mean of each color for images in [0, 1], to normalize by.
        std: Standard deviation of each color.
    """

    channels: tuple[int, ...]
    strides: tuple[int, ...]
    make: Callable[[], nn.Module]
    find: Callable[[str | None], Path]
    load: Callable[[Path], nn.Module]
    freeze: Callable[[nn.Module], None] = lambda _network: None
    takes_turns: bool = False
    default: Callable[[], str | None] = lambda: None
    sha256: str = ""
    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD


class Stages(nn.Module):
    """Parts of a network in a row, whose outputs are its features."""

    def __init__(self, stages: Iterable[nn.Module]) -> None:
        super().__init__()
        self.stages = nn.ModuleList(stages)

    def forward(self, x: Tensor, wanted: Sequence[int]) -> list[Tensor]:
        """Return the outputs of the wanted stages; those after the last one are not computed."""
        features = []
        for stage in self.stages[: max(wanted) + 1]:
            x = stage(x)
            features.append(x)
        return [features[number] for number in wanted]
