"""Scores and maps of images, from pixels to numbers as one module."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor, nn

from mia_ssl.densities.modules import as_module
from mia_ssl.two_stage.maps import embed_with_grid
from mia_ssl.two_stage.network import normalize

if TYPE_CHECKING:
    from mia_ssl.densities import Density
    from mia_ssl.two_stage.network import TwoStageNetwork
    from mia_ssl.two_stage.options import TwoStageOptions


class TwoStageScores(nn.Module):
    """The network, on its device, and the densities of images and patches, on the CPU.

    Args:
        network: The network.
        options: The method's.
        density: Density of the embeddings, fitted; None for the classifier.
        map_density: Density of the patches' embeddings, fitted; None for no map.
    """

    def __init__(
        self,
        network: TwoStageNetwork,
        options: TwoStageOptions,
        density: Density | None,
        map_density: Density | None,
    ) -> None:
        super().__init__()
        self.network = network
        self.density = None if density is None else as_module(density)
        self.map_density = None if map_density is None else as_module(map_density)
        self._options = options

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor | None]:
        """Score uint8 images [B, C, S, S]: float32 scores [B], and maps [B, S, S] or None."""
        x = normalize(images, self._options.normalization)
        if self.map_density is None:
            return self._score(self.network(x)), None
        embedding, features, place = embed_with_grid(self.network, x, self._options.map_layer)
        patches = features.float().cpu().movedim(1, 3)  # [B, h, w, D]
        cells = self.map_density(patches.flatten(0, 2)).view(patches.shape[:3])
        height, width = map(int, images.shape[2:])  # tensors while a graph is traced
        return self._score(embedding), place.enlarge(cells, height, width).float()

    def _score(self, embedding: Tensor) -> Tensor:
        if self.density is None:
            return not_original(self.network.classify(embedding.float())).float()
        return self.density(embedding.float().cpu()).float()


def not_original(logits: Tensor) -> Tensor:
    """Return the probability of any class but the original, float64 [B] in 0 to 1, on the CPU."""
    # Summed, not 1 - p: small probabilities would be lost in the difference.
    return logits.cpu().double().softmax(1)[:, 1:].sum(1)
