"""What layers make of their weights, made once while images are scored."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator


class Freezable(ABC):
    """A module that computes with constants while its weights do not change.

    Attributes:
        frozen: What ``constants`` gave, or None.
    """

    frozen: Any = None

    @abstractmethod
    def constants(self) -> Any:
        """What the module makes of its weights, or None."""


@contextmanager
def frozen(network: torch.nn.Module) -> Iterator[None]:
    """For a while, the network's layers compute with constants; it is evaluating already."""
    layers = [layer for layer in network.modules() if isinstance(layer, Freezable)]
    with torch.no_grad():
        for layer in layers:
            layer.frozen = layer.constants()
    try:
        yield
    finally:
        for layer in layers:
            layer.frozen = None
