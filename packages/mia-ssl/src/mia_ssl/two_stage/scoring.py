"""Embeddings of images, and scores of embeddings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from mia_ssl._engine.inference import evaluating, in_order
from mia_ssl._engine.records import Prediction
from mia_ssl.densities import Density, GaussianDensity, KernelDensity, NearestNeighbors
from mia_ssl.two_stage.maps import fit_map_density
from mia_ssl.two_stage.network import normalize
from mia_ssl.two_stage.scores import TwoStageScores, not_original

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mia_ssl._engine.images import ImageSource
    from mia_ssl.two_stage.network import TwoStageNetwork
    from mia_ssl.two_stage.options import TwoStageOptions


def make_density(options: TwoStageOptions) -> Density:
    """Make the density that the options name, not yet fitted."""
    if options.density == "gaussian":
        return GaussianDensity(l2_normalize=options.l2_normalize)
    if options.density == "kernel":
        return KernelDensity(bandwidth=options.bandwidth, l2_normalize=options.l2_normalize)
    return NearestNeighbors(k=options.k, metric=options.metric)


def embed(
    network: TwoStageNetwork, source: ImageSource, normalization: str, batch_size: int
) -> np.ndarray:
    """Return the embeddings of images before any scaling, float32 (N, D).

    In evaluation mode BatchNorm uses what it learned, so that no image changes another's.
    """
    with evaluating(network), torch.inference_mode():
        parts = [
            network(normalize(batch, normalization)).float().cpu()
            for batch in in_order(source, batch_size)
        ]
    return torch.cat(parts).numpy()


def classifier_scores(network: TwoStageNetwork, embeddings: np.ndarray) -> np.ndarray:
    """Return the probability of any class but the original, float64 (N,) in 0 to 1."""
    device = next(network.parameters()).device
    with evaluating(network), torch.inference_mode():
        return not_original(network.classify(torch.from_numpy(embeddings).to(device))).numpy()


class Scorer:
    """Scores of images from a network's embeddings, by densities or by the classifier.

    Attributes:
        density: Density of the embeddings; None before ``fit`` and for the classifier.
        map_density: Density of the patches' embeddings; None before ``fit`` and without a map.
    """

    def __init__(self, options: TwoStageOptions) -> None:
        self.options = options
        self.density: Density | None = None
        self.map_density: Density | None = None

    @property
    def is_ready(self) -> bool:
        """True if ``predict`` can be called; with the classifier it always can."""
        return self.options.density == "classifier" or self.density is not None

    @property
    def min_images(self) -> int:
        """Number of images that ``fit`` needs."""
        if self.options.density == "classifier":
            return 1
        return make_density(self.options).min_embeddings

    def clear(self) -> None:
        """Forget the densities, because the network has changed."""
        self.density = self.map_density = None

    def fit(
        self,
        network: TwoStageNetwork,
        normals: ImageSource,
        batch_size: int,
        draws: torch.Generator,
    ) -> np.ndarray:
        """Fit the densities to normal images; return the scores of these, float64 (N,)."""
        options = self.options
        embeddings = embed(network, normals, options.normalization, batch_size)
        if options.density == "classifier":
            return classifier_scores(network, embeddings)
        density = make_density(options).fit(embeddings)
        map_density = None
        if options.with_map:
            map_density = make_density(options)
            fit_map_density(map_density, network, normals, options, batch_size, draws)
        self.density, self.map_density = density, map_density
        if isinstance(density, NearestNeighbors):
            return density.score_without_self()
        return density.score(embeddings)

    def predict(self, network: TwoStageNetwork, source: ImageSource, batch_size: int) -> Prediction:
        """Score images, and their pixels where the options ask for maps."""
        module = self.module(network)
        scores, maps = [], []
        with evaluating(network), torch.inference_mode():
            for batch in in_order(source, batch_size):
                score, pixels = module(batch)
                scores.append(score)
                if pixels is not None:
                    maps.append(pixels)
        return Prediction(torch.cat(scores).numpy(), torch.cat(maps).numpy() if maps else None)

    def module(self, network: TwoStageNetwork) -> TwoStageScores:
        """Return the network and the fitted densities as one module."""
        return TwoStageScores(network, self.options, self.density, self.map_density)

    def state(self) -> dict[str, Any]:
        """Return the densities' arrays as tensors, for a file."""
        named = {"density": self.density, "map_density": self.map_density}
        return {
            name: {key: torch.from_numpy(array) for key, array in density.state().items()}
            for name, density in named.items()
            if density is not None
        }

    def restore(self, state: Mapping[str, Any], widths: Mapping[str, int]) -> None:
        """Take back what ``state`` returned.

        Args:
            state: Arrays of each density; without densities where there were none.
            widths: Widths of the embeddings of ``density`` and, with a map, of ``map_density``.

        Raises:
            KeyError: An array is missing.
            ValueError: An array that does not fit the others, the options or the width.
        """
        if "density" not in state:
            return
        for name, width in widths.items():
            density = make_density(self.options).restore(state[name])
            density.score(np.zeros((1, width)))  # one of another width is refused now
            setattr(self, name, density)
