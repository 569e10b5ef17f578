"""Features of images, and the density that scores them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from mia_ssl._engine.inference import evaluating, in_order
from mia_ssl.densities import Density, GaussianDensity, NearestNeighbors

if TYPE_CHECKING:
    import numpy as np

    from mia_ssl._engine.images import ImageSource
    from mia_ssl.adapted.network import AdaptedNetwork
    from mia_ssl.adapted.options import AdaptedOptions

NEIGHBORS = 2


def make_density(options: AdaptedOptions) -> Density:
    """Make the density that the options name, not yet fitted."""
    if options.scoring == "gde":
        return GaussianDensity()
    return NearestNeighbors(k=NEIGHBORS, metric="squared")


def embed(network: AdaptedNetwork, source: ImageSource, batch_size: int) -> np.ndarray:
    """Return the features of images, float32 (N, D)."""
    with evaluating(network), torch.inference_mode():
        parts = [network(batch).cpu() for batch in in_order(source, batch_size)]
    return torch.cat(parts).numpy()


def scores_of_normals(density: Density, features: np.ndarray) -> np.ndarray:
    """Return the scores (N,) of the features that a density was fitted to.

    None is its own neighbor.
    """
    if isinstance(density, NearestNeighbors):
        return density.score_without_self()
    return density.score(features)
