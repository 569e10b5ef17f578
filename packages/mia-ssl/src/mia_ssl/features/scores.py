"""Scores and maps of images, from pixels to numbers as one module."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import torch
from scipy.ndimage import gaussian_filter1d
from torch import Tensor, nn

from mia_ssl.features.extract import features_of

if TYPE_CHECKING:
    from mia_ssl._engine.backbones import Backbone
    from mia_ssl.feature_grid import Axis
    from mia_ssl.features.extract import Features
    from mia_ssl.features.method import FeatureMethod, FeatureModel
    from mia_ssl.features.options import FeatureOptions

_UNNUMBERED = torch.empty(0, dtype=torch.int64)  # images that are none of the normal ones


class FeatureScores(nn.Module):
    """A frozen network, a model of normal features, and the map.

    Args:
        method: The method.
        backbone: The network.
        model: The model, fitted.
        options: The method's.
    """

    def __init__(
        self,
        method: FeatureMethod,
        backbone: Backbone,
        model: FeatureModel,
        options: FeatureOptions,
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self._uses_map_score = method.uses_map_score
        self._model = model
        self._options = options

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Score uint8 images [B, C, S, S]: float32 scores [B] and maps [B, S, S]."""
        features = features_of(self.backbone, images, _UNNUMBERED, self._options)
        score, pixels = self.of_features(features, int(images.shape[-1]))
        assert pixels is not None  # it is asked for
        return score, pixels

    def of_features(
        self, features: Features, side: int, *, with_map: bool = True, is_normal: bool = False
    ) -> tuple[Tensor, Tensor | None]:
        """Return float32 scores [B], and maps [B, side, side] if asked for.

        Args:
            features: Features of the images.
            side: Side of the images in pixels.
            with_map: Whether maps are asked for.
            is_normal: See ``FeatureModel.score``.
        """
        with_cells = with_map or self._uses_map_score
        found = self._model.score(features, is_normal=is_normal, with_cells=with_cells)
        if not with_cells:
            return found.image.float(), None
        assert found.cells is not None  # they are asked for
        pixels = self._map(found.cells, features, side)
        score = pixels.amax((1, 2)) if self._uses_map_score else found.image
        return score.float(), pixels.float()

    def _map(self, cells: Tensor, features: Features, side: int) -> Tensor:
        """Return the score of each pixel, [B, S, S]: interpolated between cells and blurred."""
        grid, smoothing = features.grids[0], self._options.smoothing
        rows, columns = (enlargement(axis, side, smoothing) for axis in (grid.rows, grid.columns))
        return rows @ cells.double() @ columns.T


@cache
def enlargement(axis: Axis, pixels: int, smoothing: float) -> Tensor:
    """Return what each pixel takes of each cell: interpolation, then a Gaussian blur.

    Args:
        axis: The cells.
        pixels: Pixels along the image's side.
        smoothing: Standard deviation of the blur in pixels; 0 for none.

    Returns:
        float64 [pixels, cells].
    """
    with torch.inference_mode(mode=False):  # it is kept, for other modes too
        weights = axis.interpolation(torch.arange(pixels, dtype=torch.float64)).numpy()
        if smoothing:
            weights = gaussian_filter1d(weights, smoothing, axis=0)
        return torch.from_numpy(np.ascontiguousarray(weights))
