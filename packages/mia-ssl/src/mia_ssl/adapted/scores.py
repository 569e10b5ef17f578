"""Scores of images, from pixels to numbers as one module."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor, nn

from mia_ssl.densities.modules import as_module

if TYPE_CHECKING:
    from mia_ssl.adapted.network import AdaptedNetwork
    from mia_ssl.densities import Density


class AdaptedScores(nn.Module):
    """The network, on its device, and a density of its features, on the CPU.

    Args:
        network: The network.
        density: The density, fitted.
    """

    def __init__(self, network: AdaptedNetwork, density: Density) -> None:
        super().__init__()
        self.network = network
        self.density = as_module(density)

    def forward(self, images: Tensor) -> tuple[Tensor, None]:
        """Score uint8 images [B, C, S, S]: float32 scores [B], and no map."""
        return self.density(self.network(images).cpu()).float(), None
