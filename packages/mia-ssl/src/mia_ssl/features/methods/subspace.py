"""Distance of patch features from the principal subspace of the normal ones.

No patch is kept: one pass gives mean and covariance, whatever the number of images.

Paper: https://arxiv.org/abs/2602.23013
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from mia_ssl.checks import check_between
from mia_ssl.features.method import FeatureMethod, Scores, feature_info
from mia_ssl.features.options import FeatureOptions
from mia_ssl.features.streaming import StreamingCovariance, restored
from mia_ssl.features.top_mean import top_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from mia_ssl.features.extract import Features
    from mia_ssl.features.method import NormalImages


@dataclass(frozen=True, kw_only=True)
class SubspaceOptions(FeatureOptions):
    """Options of subspace.

    Attributes:
        variance: Share of the variance that the subspace keeps, below 1.
        top_share: Share of the cells, those that score highest, whose mean is the image's score.
    """

    stages: tuple[int, ...] = (3, 4)
    variance: float = 0.99
    top_share: float = 0.01

    def __post_init__(self) -> None:
        super().__post_init__()
        check_between(0, 1, variance=self.variance, top_share=self.top_share)


class Subspace:
    """Squared distance of each cell's features from the subspace around their mean."""

    def __init__(self, options: SubspaceOptions) -> None:
        self.options = options
        self.mean = self.basis = torch.empty(0)

    def fit(self, normals: NormalImages, generator: torch.Generator) -> None:
        """Learn the normal features in one pass; see ``FeatureModel``."""
        cells: StreamingCovariance | None = None
        for features in normals():
            vectors = features.cells().flatten(0, 2)
            if cells is None:
                cells = StreamingCovariance(vectors.shape[1])
            cells.update(vectors)
        assert cells is not None  # there is at least one image
        values, vectors = torch.linalg.eigh(cells.covariance())
        # From the largest on, as many as it takes.
        share = values.flip(0).clamp(min=0).cumsum(0)
        kept = int((share < self.options.variance * share[-1]).sum()) + 1
        self.mean, self.basis = cells.mean, vectors.flip(1)[:, : min(kept, len(values))].clone()

    def score(
        self, features: Features, *, is_normal: bool = False, with_cells: bool = True
    ) -> Scores:
        """Score images; see ``FeatureModel``."""
        apart = features.cells() - self.mean
        inside = apart @ self.basis
        cells = (apart.square().sum(-1) - inside.square().sum(-1)).clamp(min=0)
        return Scores(top_mean(cells, self.options.top_share), cells)

    def state(self) -> dict[str, Tensor]:
        """Return ``mean`` [D] and ``basis`` [D, k]."""
        return {"mean": self.mean, "basis": self.basis}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Take back what ``state`` returned; for errors see ``FeatureModel``."""
        self.mean, self.basis = restored(state, "mean", 1), restored(state, "basis", 2)


SUBSPACE = FeatureMethod(
    info=feature_info(
        "subspace",
        "residual of patch features outside their principal subspace; nothing is trained",
        paper="https://arxiv.org/abs/2602.23013",
    ),
    options=SubspaceOptions,
    model=Subspace,
)
