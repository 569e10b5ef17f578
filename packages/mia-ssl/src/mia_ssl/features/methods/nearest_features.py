"""Cosine distance of patch features to the nearest normal ones, as AnomalyDINO scores.

Paper: https://arxiv.org/abs/2405.14529
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

from mia_ssl._engine.options import check_counts
from mia_ssl.checks import check_between
from mia_ssl.features.bank import Bank, check_bank_memory, nearest_distances, sample_bank
from mia_ssl.features.method import FeatureMethod, Scores, feature_info
from mia_ssl.features.options import FeatureOptions
from mia_ssl.features.streaming import restored
from mia_ssl.features.top_mean import top_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from mia_ssl.features.extract import Features
    from mia_ssl.features.method import NormalImages


@dataclass(frozen=True, kw_only=True)
class NearestFeaturesOptions(FeatureOptions):
    """Options of nearest-features.

    Attributes:
        bank: Patches at most that are kept, of each image the same number.
        top_share: Share of the cells, those that score highest, whose mean is the image's score.
    """

    stages: tuple[int, ...] = (3, 4)
    bank: int = 20_000
    top_share: float = 0.01

    def __post_init__(self) -> None:
        super().__post_init__()
        check_counts(bank=self.bank)
        check_between(0, 1, top_share=self.top_share)


class NearestFeatures:
    """One less the cosine between each cell's features and the nearest normal ones."""

    def __init__(self, options: NearestFeaturesOptions) -> None:
        self.options = options
        self.bank = Bank(torch.empty(0), torch.empty(0, dtype=torch.int64))

    def fit(self, normals: NormalImages, generator: torch.Generator) -> None:
        """Draw the bank in one pass; see ``FeatureModel``."""
        size = max(self.options.bank, normals.count)
        first = next(iter(normals()))
        check_bank_memory(size, _directions(first).shape[-1], self.options.memory)
        self.bank = sample_bank(normals, self.options.bank, _directions, generator)

    def score(
        self, features: Features, *, is_normal: bool = False, with_cells: bool = True
    ) -> Scores:
        """Score images; see ``FeatureModel``."""
        vectors = _directions(features)
        shape = vectors.shape[:3]
        owners = None
        if is_normal:
            owners = features.numbers.repeat_interleave(shape[1] * shape[2])
        # Of directions a and b, |a - b|^2 / 2 is one less their cosine.
        apart = nearest_distances(vectors.flatten(0, 2), self.bank, owners)
        cells = (apart.square() / 2).view(shape)
        return Scores(top_mean(cells, self.options.top_share), cells)

    def state(self) -> dict[str, Tensor]:
        """Return ``vectors`` [M, D] and ``owners`` [M]."""
        return self.bank._asdict()

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Take back what ``state`` returned; for errors see ``FeatureModel``."""
        self.bank = Bank(restored(state, "vectors", 2), restored(state, "owners", 1))


def _directions(features: Features) -> Tensor:
    return F.normalize(features.cells(), dim=-1)


NEAREST_FEATURES = FeatureMethod(
    info=feature_info(
        "nearest-features",
        "cosine distance of patch features to the nearest normal ones; nothing is trained",
        paper="https://arxiv.org/abs/2405.14529",
    ),
    options=NearestFeaturesOptions,
    model=NearestFeatures,
)
