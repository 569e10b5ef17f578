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
    (grid,) = _grids(network, black, options, 1)
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
    for grid in _grids(network, source, options, batch_size):
        patches = grid.flatten(2)
        count = min(max(options.map_patches // len(source), 1), patches.shape[2])
        order = torch.rand(len(patches), patches.shape[2], generator=draws).argsort(1)
        index = order[:, None, :count].expand(-1, patches.shape[1], -1)
        parts.append(patches.gather(2, index).movedim(1, 2).flatten(0, 1))
    density.fit(torch.cat(parts).numpy())


def embed_with_grid(
    network: TwoStageNetwork, x: Tensor, map_layer: str
) -> tuple[Tensor, Tensor, FeatureGrid]:
    """Return embeddings [B, D], a layer's features [B, F, h, w], and the place of their cells.

    Args:
        network: The network.
        x: Normalized images [B, 3, S, S].
        map_layer: Name of the layer.

    Raises:
        ValueError: The trunk has no such layer, or it gives no grid.
    """
    kept: list[Any] = []
    layer = find_layer(network, map_layer)
    hook = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    try:
        with recorded_grids(network, *map(int, x.shape[2:])) as grids:
            embedding = network(x)
    finally:
        hook.remove()
    features = kept.pop()
    is_grid = isinstance(features, torch.Tensor) and features.ndim == 4
    place = grids.find(*map(int, features.shape[2:])) if is_grid else None
    if place is None:
        msg = f"expected map_layer to give a grid [B, D, h, w], got {map_layer!r}"
        raise ValueError(msg)
    return embedding, features, place


def _grids(
    network: TwoStageNetwork, source: ImageSource, options: TwoStageOptions, batch_size: int
) -> Iterator[Tensor]:
    """Yield the layer's features [B, D, h, w], on the CPU."""
    with evaluating(network), torch.inference_mode():
        for batch in in_order(source, batch_size):
            x = normalize(batch, options.normalization)
            yield embed_with_grid(network, x, options.map_layer)[1].float().cpu()
