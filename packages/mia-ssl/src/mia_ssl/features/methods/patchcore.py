"""PatchCore: distance of patch features to the nearest of a few that stand for all normal ones.

Paper: https://arxiv.org/abs/2106.08265
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch.jit._trace import is_tracing

from mia_ssl._engine.options import check_counts
from mia_ssl.checks import check_between
from mia_ssl.features.bank import Bank, check_bank_memory, nearest_distances, sample_bank
from mia_ssl.features.coreset import choose_coreset
from mia_ssl.features.method import FeatureMethod, Scores, feature_info
from mia_ssl.features.options import FeatureOptions
from mia_ssl.features.streaming import restored

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from mia_ssl.features.extract import Features
    from mia_ssl.features.method import NormalImages


@dataclass(frozen=True, kw_only=True)
class PatchCoreOptions(FeatureOptions):
    """Options of PatchCore.

    Attributes:
        window: Side of the squares of cells, odd, that features are first averaged over.
        channels: Channels at most; more are averaged in groups.
        pool: Patches at most that the coreset is chosen from, of each image the same number.
        share: Share of the pool that the coreset keeps.
    """

    window: int = 3
    channels: int = 1024
    pool: int = 50_000
    share: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        check_counts(window=self.window, channels=self.channels, pool=self.pool)
        check_between(0, 1, share=self.share)
        if self.window % 2 == 0:
            msg = f"expected window to be odd, got {self.window}"
            raise ValueError(msg)


class PatchCore:
    """Distance of each cell's features to the nearest of the coreset."""

    def __init__(self, options: PatchCoreOptions) -> None:
        self.options = options
        self.bank = Bank(torch.empty(0), torch.empty(0, dtype=torch.int64))

    def fit(self, normals: NormalImages, generator: torch.Generator) -> None:
        """Draw the pool in one pass and choose the coreset; see ``FeatureModel``."""
        options = self.options
        size = max(options.pool, normals.count)
        first = next(iter(normals()))
        check_bank_memory(2 * size, self._vectors(first).shape[-1], options.memory)
        pool = sample_bank(normals, options.pool, self._vectors, generator)
        count = max(math.ceil(options.share * len(pool.vectors)), 1)
        chosen = choose_coreset(pool.vectors, count, generator)
        self.bank = Bank(pool.vectors[chosen], pool.owners[chosen])

    def score(
        self, features: Features, *, is_normal: bool = False, with_cells: bool = True
    ) -> Scores:
        """Score images by their farthest cell; see ``FeatureModel``."""
        vectors = self._vectors(features)
        shape = vectors.shape[:3]
        owners = None
        if is_normal:
            owners = features.numbers.repeat_interleave(shape[1] * shape[2])
        cells = nearest_distances(vectors.flatten(0, 2), self.bank, owners).view(shape)
        return Scores(cells.flatten(1).amax(1), cells)

    def _vectors(self, features: Features) -> Tensor:
        cells = features.cells(self.options.window)
        return fewer_channels(cells, self.options.channels)

    def state(self) -> dict[str, Tensor]:
        """Return ``vectors`` [M, D] and ``owners`` [M]."""
        return self.bank._asdict()

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Take back what ``state`` returned; for errors see ``FeatureModel``."""
        self.bank = Bank(restored(state, "vectors", 2), restored(state, "owners", 1))


def fewer_channels(vectors: Tensor, channels: int) -> Tensor:
    """Return vectors [..., D] whose channels are averaged in groups, [..., min(D, channels)]."""
    if vectors.shape[-1] <= channels:
        return vectors
    if is_tracing():  # ONNX pools groups of one size only
        return vectors @ group_means(int(vectors.shape[-1]), channels).to(vectors)
    flat = F.adaptive_avg_pool1d(vectors.flatten(0, -2), channels)
    return flat.view(*vectors.shape[:-1], channels)


def group_means(before: int, after: int) -> Tensor:
    """Return the matrix [before, after] of the means that ``F.adaptive_avg_pool1d`` takes."""
    places, groups = torch.arange(before)[:, None], torch.arange(after)
    first, end = groups * before // after, -(-(groups + 1) * before // after)
    inside = (places >= first) & (places < end)
    return inside / inside.sum(0)


PATCHCORE = FeatureMethod(
    info=feature_info(
        "patchcore",
        "distance of patch features to the nearest of a coreset; nothing is trained",
        paper="https://arxiv.org/abs/2106.08265",
    ),
    options=PatchCoreOptions,
    model=PatchCore,
)
