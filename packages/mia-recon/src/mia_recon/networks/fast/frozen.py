"""Constants that layers compute from their weights once, for as long as images are scored."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator


class Freezable(ABC):
    """Layer that computes with constants while its weights do not change.

    Attributes:
        frozen: The result of ``constants`` while frozen, otherwise None.
    """

    frozen: Any = None

    @abstractmethod
    def constants(self) -> Any:
        """Return the constants computed from the weights, or None if they would not help."""


@contextmanager
def frozen(network: torch.nn.Module) -> Iterator[None]:
    """Let the network's layers compute with constants for a while.

    Args:
        network: A network in evaluation mode, whose weights must not change meanwhile.
    """
    layers = [layer for layer in network.modules() if isinstance(layer, Freezable)]
    with torch.no_grad():
        for layer in layers:
            layer.frozen = layer.constants()
    try:
        yield
    finally:
        for layer in layers:
            layer.frozen = None
