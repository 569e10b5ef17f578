"""panda: the last stages are trained so that normal features lie close to their center.

Paper: https://arxiv.org/abs/2010.05903
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from mia_ssl._engine.options import paths_as_text
from mia_ssl._engine.records import MethodInfo
from mia_ssl._engine.state_dict import read_state
from mia_ssl.adapted.method import IMAGENET_SIZE, AdaptedMethod
from mia_ssl.adapted.options import AdaptedOptions
from mia_ssl.checks import check_between

if TYPE_CHECKING:
    from torch import Tensor

    from mia_ssl.adapted.method import Penalty
    from mia_ssl.adapted.network import AdaptedNetwork

IMAGE_SIZE = 256  # of which the middle 224 are used


@dataclass(frozen=True, kw_only=True)
class PandaOptions(AdaptedOptions):
    """Options of panda.

    Attributes:
        fisher: File with the diagonal of the Fisher information on ImageNet, by the names of
            torchvision's parameters; it says how much each weight matters there, and weights are
            kept near their start accordingly. None: they are not, and few epochs must do.
        fisher_weight: Weight of that penalty.
    """

    backbone: str = "resnet152"
    trained_stages: int | None = 2
    fisher: str | None = None
    fisher_weight: float = 1e4

    def __post_init__(self) -> None:
        super().__post_init__()
        check_between(0, fisher_weight=self.fisher_weight)
        paths_as_text(self, "fisher")


def compactness(features: Tensor, center: Tensor) -> Tensor:
    """Return the mean squared distance of features [B, D] to a center [D], divided by D."""
    return (features - center).square().mean()


def loss(
    network: AdaptedNetwork,
    images: Tensor,
    center: Tensor,
    options: Any,
    generator: torch.Generator,
) -> Tensor:
    """Return how far the images' features are from the center."""
    return compactness(network(images), center)


class ElasticPenalty:
    """Penalty of weights for leaving their start, by how much each matters on ImageNet.

    Args:
        network: The network at its start.
        fisher: Diagonal of the Fisher information of each parameter that is trained.
        weight: Weight of the penalty.

    Paper: https://arxiv.org/abs/1612.00796
    """

    def __init__(self, network: AdaptedNetwork, fisher: dict[str, Tensor], weight: float) -> None:
        self.weight = weight
        parameters = dict(network.trunk.named_parameters())
        self.terms = [
            (parameters[name], parameters[name].detach().clone(), values.to(parameters[name]))
            for name, values in fisher.items()
        ]

    def __call__(self) -> Tensor:
        """Return half the weighted sum of squares that the weights have moved."""
        moved = [(values * (now - start).square()).sum() for now, start, values in self.terms]
        return self.weight * torch.stack(moved).sum() / 2


def make_penalty(network: AdaptedNetwork, options: Any) -> Penalty | None:
    """Return the penalty that the options' file gives, or None without a file."""
    if options.fisher is None:
        return None
    fisher = read_fisher(Path(options.fisher), network)
    return ElasticPenalty(network, fisher, options.fisher_weight)


def read_fisher(path: Path, network: AdaptedNetwork) -> dict[str, Tensor]:
    """Return the values of the parameters that are trained, by their names in the trunk.

    Raises:
        FileNotFoundError: No such file.
        ValueError: A parameter is missing or of another shape, or values are below 0.
    """
    if not path.is_file():
        msg = f"expected fisher to be a file of tensors by torchvision's names, got {path}, "
        msg += "which does not exist"
        raise FileNotFoundError(msg)
    state = read_state(path)
    found = {}
    for name, parameter in network.trunk.named_parameters():
        if not parameter.requires_grad:
            continue
        values = state.get(_torchvision_name(name))
        if values is None or values.shape != parameter.shape or not (values >= 0).all():
            got = None if values is None else tuple(values.shape)
            msg = f"{path} does not fit: expected values of 0 or above for "
            msg += f"{_torchvision_name(name)} of {tuple(parameter.shape)}, got {got}"
            raise ValueError(msg)
        found[name] = values
    return found


def _torchvision_name(name: str) -> str:
    """Return a ResNet's own name of a parameter of its last four stages."""
    _, stage, rest = name.split(".", 2)
    return f"layer{stage}.{rest}"


PANDA = AdaptedMethod(
    info=MethodInfo(
        name="panda",
        family="adapted",
        summary="ImageNet features, the last stages trained to lie close to their center",
        paper="https://arxiv.org/abs/2010.05903",
        image_size=IMAGE_SIZE,
        channels=3,
        epochs=15,
        batch_size=32,
        learning_rate=1e-2,
        has_map=False,
    ),
    options=PandaOptions,
    loss=loss,
    crop=IMAGENET_SIZE / IMAGE_SIZE,
    momentum=0.9,
    clip_norm=1e-3,
    make_penalty=make_penalty,
)
