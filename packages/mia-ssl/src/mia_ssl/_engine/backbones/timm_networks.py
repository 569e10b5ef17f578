"""Any network of timm that gives features, with weights from a file."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from ..state_dict import read_state
from .source import Source
from .weights import OFFLINE, existing, fill

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from torch import Tensor

PREFIX = "timm:"


class TimmFeatures(nn.Module):
    """A network of timm that returns the features of its stages."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor, wanted: Sequence[int]) -> list[Tensor]:
        """Return the features of the wanted stages."""
        features = self.network(x)
        return [features[number] for number in wanted]


def source_of(name: str) -> Source:
    """Return the source of ``timm:NAME``.

    Raises:
        ImportError: timm is not installed.
        ValueError: timm has no such network, or it gives no features.
    """
    try:
        with torch.device("meta"):
            network = _network(name)
    except ValueError:  # some networks read numbers of tensors, which older PyTorch refuses there
        network = _network(name)
    info: Any = network.feature_info
    return Source(
        channels=tuple(info.channels()),
        strides=tuple(info.reduction()),
        make=lambda: TimmFeatures(_network(name)),
        find=partial(find, name),
        load=partial(load, name),
        takes_turns=True,  # some of its networks keep features or positions in themselves
        mean=tuple(network.pretrained_cfg["mean"]),
        std=tuple(network.pretrained_cfg["std"]),
    )


def find(name: str, weights: str | None) -> Path:
    """Return the path of the weights, which is the user's.

    Raises:
        FileNotFoundError: No file is given, or it does not exist.
    """
    if weights is None:
        msg = f"{name} needs weights=PATH, a file with its state dict; {OFFLINE} works without one"
        raise FileNotFoundError(msg)
    return existing(weights, name)


def load(name: str, path: Path) -> TimmFeatures:
    """Return the network with the weights of a file of timm's names."""
    with torch.random.fork_rng(devices=[]):  # layers draw from the global generator when made
        network = _network(name)
    # Some networks are wrapped, and then have all names with this prefix.
    wrapped = all(key.startswith("model.") for key in network.state_dict())
    state = {f"model.{k}": v for k, v in read_state(path).items()} if wrapped else read_state(path)
    fill(network, state, path, name)
    return TimmFeatures(network)


def _network(name: str) -> Any:
    try:
        import timm
    except ImportError as error:
        msg = f"{name} needs timm: install the extra 'features'"
        raise ImportError(msg) from error
    plain = name.removeprefix(PREFIX)
    if not set(plain).isdisjoint(":/"):  # timm would look for it in a folder or on the internet
        msg = f"expected the name of a network that timm contains, got {plain!r}"
        raise ValueError(msg)
    try:
        return timm.create_model(plain, features_only=True)
    except RuntimeError as error:
        msg = f"timm has no network {name.removeprefix(PREFIX)!r} that gives features: {error}"
        raise ValueError(msg) from error
