"""One Gaussian of whole images' features, and one of their cells for the map.

Paper: https://arxiv.org/abs/2005.14140
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from mia_ssl._engine.options import check_positive
from mia_ssl.densities import GaussianDensity
from mia_ssl.densities.modules import as_module
from mia_ssl.features.method import FeatureMethod, Scores, feature_info
from mia_ssl.features.options import FeatureOptions
from mia_ssl.features.streaming import StreamingCovariance, restored, whitening

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor, nn

    from mia_ssl.features.extract import Features
    from mia_ssl.features.method import NormalImages


@dataclass(frozen=True, kw_only=True)
class GaussianFeaturesOptions(FeatureOptions):
    """Options of gaussian-features.

    Attributes:
        ridge: Share of the mean variance that is added to the variance of the cells' features.
    """

    stages: tuple[int, ...] = (2, 3, 4)
    ridge: float = 1e-3

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive(ridge=self.ridge)


class GaussianFeatures:
    """Mahalanobis distance of an image's mean features, and of each cell's features.

    The covariance of the images is shrunk by Ledoit and Wolf's rule. The cells, of which there are
    thousands in an image, have one mean and one covariance wherever they lie.
    """

    def __init__(self, options: GaussianFeaturesOptions) -> None:
        self.options = options
        self.images = GaussianDensity(l2_normalize=False)
        self.distance: nn.Module | None = None  # of the images, once it is fitted
        self.mean = self.whitening = torch.empty(0)

    def fit(self, normals: NormalImages, generator: torch.Generator) -> None:
        """Learn the normal features in one pass; see ``FeatureModel``."""
        means = []
        cells: StreamingCovariance | None = None
        for features in normals():
            means.append(features.means())
            vectors = features.cells().flatten(0, 2)
            if cells is None:
                cells = StreamingCovariance(vectors.shape[1])
            cells.update(vectors)
        assert cells is not None  # there is at least one image
        self.distance = as_module(self.images.fit(torch.cat(means).numpy()))
        covariance = cells.covariance()
        ridge = self.options.ridge * covariance.diagonal().mean()
        covariance.diagonal().add_(ridge)
        self.mean, self.whitening = cells.mean, whitening(covariance)

    def score(
        self, features: Features, *, is_normal: bool = False, with_cells: bool = True
    ) -> Scores:
        """Score images; see ``FeatureModel``."""
        assert self.distance is not None
        image = self.distance(features.means())
        if not with_cells:
            return Scores(image, None)
        apart = (features.cells() - self.mean) @ self.whitening
        return Scores(image, apart.norm(dim=-1))

    def state(self) -> dict[str, Tensor]:
        """Return means and whitening matrices of images and cells."""
        images = {f"image_{k}": torch.from_numpy(v) for k, v in self.images.state().items()}
        return {**images, "mean": self.mean, "whitening": self.whitening}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Take back what ``state`` returned; for errors see ``FeatureModel``."""
        arrays = {"mean": restored(state, "image_mean", 1).numpy()}
        arrays["whitening"] = restored(state, "image_whitening", 2).numpy()
        self.distance = as_module(self.images.restore(arrays))
        self.mean, self.whitening = restored(state, "mean", 1), restored(state, "whitening", 2)


GAUSSIAN_FEATURES = FeatureMethod(
    info=feature_info(
        "gaussian-features",
        "Mahalanobis distance of mean ImageNet features; nothing is trained",
        paper="https://arxiv.org/abs/2005.14140",
    ),
    options=GaussianFeaturesOptions,
    model=GaussianFeatures,
)
