"""Scores of pixels: a density of patch embeddings, taken from a layer's feature grid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from mia_ssl._engine.images import ImageSource
from mia_ssl._engine.inference import evaluating, in_order
from mia_ssl._engine.options import unknown
from mia_ssl.feature_grid import recorded_grids
from mia_ssl.two_stage.network import normalize

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from torch import Tensor, nn

    from mia_ssl.densities import Density
    from mia_ssl.feature_grid import FeatureGrid
    from mia_ssl.two_stage.network import TwoStageNetwork
    from mia_ssl.two_stage.options import TwoStageOptions

_LARGE = 256  # pixels; every trunk gives a grid of such an image


def find_layer(network: TwoStageNetwork, name: str) -> nn.Module:
    """Find the layer of the trunk whose grid is scored.

    Raises:
        ValueError: The trunk has none of that name.
    """
    layers = dict(network.trunk.named_modules())
    if not name or name not in layers:
        raise unknown("map_layer", name, [n for n, _ in network.trunk.named_children()])
    return layers[name]


def patch_width(network: TwoStageNetwork, options: TwoStageOptions, image_size: int) -> int:
    """Return the number of channels of a layer's grid, which embed a patch.

    Raises:
        ValueError: The trunk has no such layer, or it gives no grid.
    """
    side = min(image_size, _LARGE)  # the channels are those of any size
    black = ImageSource(torch.zeros(1, 1, side, side, dtype=torch.uint8))
    ((grid, _),) = _grids(network, black, options, 1)
    return grid.shape[1]


def fit_map_density(
    density: Density,
    network: TwoStageNetwork,
    source: ImageSource,
    options: TwoStageOptions,
    batch_size: int,
    draws: torch.Generator,
) -> None:
    """Fit a density to patches of normal images, the same number of each image.

    Args:
        density: Density to fit.
        network: Network whose trunk gives the grids.
        source: Normal images.
        options: ``map_patches`` is the number of patches in all; each image gives at least one.
        batch_size: Images at a time.
        draws: Source of the patches' places.
    """
    parts = []
    for grid, _ in _grids(network, source, options, batch_size):
        patches = grid.flatten(2)
        count = min(max(options.map_patches // len(source), 1), patches.shape[2])
        order = torch.rand(len(patches), patches.shape[2], generator=draws).argsort(1)
        index = order[:, None, :count].expand(-1, patches.shape[1], -1)
        parts.append(patches.gather(2, index).movedim(1, 2).flatten(0, 1))
    density.fit(torch.cat(parts).numpy())


def score_maps(
    density: Density,
    network: TwoStageNetwork,
    source: ImageSource,
    options: TwoStageOptions,
    batch_size: int,
) -> np.ndarray:
    """Score patches, and interpolate between the pixels they are centered on: float32 (N, H, W)."""
    height, width = source.shape[2:]
    maps = []
    for grid, place in _grids(network, source, options, batch_size):
        scores = density.score(grid.movedim(1, 3).flatten(0, 2).numpy())
        coarse = torch.from_numpy(scores).view(len(grid), *grid.shape[2:])
        maps.append(place.enlarge(coarse, height, width).float())
    return torch.cat(maps).numpy()


def _grids(
    network: TwoStageNetwork, source: ImageSource, options: TwoStageOptions, batch_size: int
) -> Iterator[tuple[Tensor, FeatureGrid]]:
    """Yield the layer's features [B, D, h, w], on the CPU, and the place of their cells."""
    layer = find_layer(network, options.map_layer)
    kept: list[Any] = []
    hook = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    try:
        with (
            evaluating(network),
            torch.inference_mode(),
            recorded_grids(network, *source.shape[2:]) as grids,
        ):
            for batch in in_order(source, batch_size):
                network(normalize(batch, options.normalization))
                features = kept.pop()
                is_grid = isinstance(features, torch.Tensor) and features.ndim == 4
                place = grids.find(*features.shape[2:]) if is_grid else None
                if place is None:
                    name = options.map_layer
                    msg = f"expected map_layer to give a grid [B, D, h, w], got {name!r}"
                    raise ValueError(msg)
                yield features.float().cpu(), place
    finally:
        hook.remove()
