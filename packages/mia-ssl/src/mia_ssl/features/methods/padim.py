"""PaDiM: a Gaussian of patch features at each place of the image.

For images that lie alike: the same organ at the same place.

Paper: https://arxiv.org/abs/2011.08785
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from mia_ssl._engine.options import check_counts, check_positive
from mia_ssl.features.method import FeatureMethod, Scores, feature_info
from mia_ssl.features.options import FeatureOptions
from mia_ssl.features.streaming import StreamingCovariance, restored, whitening

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from mia_ssl.features.extract import Features
    from mia_ssl.features.method import NormalImages


@dataclass(frozen=True, kw_only=True)
class PadimOptions(FeatureOptions):
    """Options of PaDiM.

    Attributes:
        channels: Channels that are drawn at random from all of the stages'.
        ridge: Variance that is added to that of each channel.
    """

    stages: tuple[int, ...] = (1, 2, 3)
    channels: int = 100
    ridge: float = 0.01

    def __post_init__(self) -> None:
        super().__post_init__()
        check_counts(channels=self.channels)
        check_positive(ridge=self.ridge)


class Padim:
    """Mahalanobis distance of each cell's features under the Gaussian of its place."""

    def __init__(self, options: PadimOptions) -> None:
        self.options = options
        self.channels = torch.empty(0, dtype=torch.int64)
        self.mean = self.whitening = torch.empty(0)

    def fit(self, normals: NormalImages, generator: torch.Generator) -> None:
        """Learn the normal features in one pass; see ``FeatureModel``."""
        places: StreamingCovariance | None = None
        for features in normals():
            cells = features.cells()
            if places is None:
                drawn = torch.randperm(cells.shape[-1], generator=generator)
                self.channels = drawn[: self.options.channels].sort().values
                self._check_memory(cells.shape[1] * cells.shape[2])
                # In float32: thousands of covariances fill most of the memory.
                shape = (*cells.shape[1:3], len(self.channels))
                places = StreamingCovariance(*shape, dtype=torch.float32)
            places.update(cells[..., self.channels])
        assert places is not None  # there is at least one image
        covariance = places.covariance()
        covariance.diagonal(dim1=-2, dim2=-1).add_(self.options.ridge)
        self.mean, self.whitening = places.mean, whitening(covariance)

    def _check_memory(self, places: int) -> None:
        # Sums, what is added to them, the covariances and the matrices made of them.
        needed = 4 * places * len(self.channels) ** 2 * 4
        if needed > self.options.bytes:
            msg = (
                f"expected memory of {needed / 1e9:.2f} GB or more for {places} covariances of "
                f"{len(self.channels)} channels, got {self.options.memory}: raise memory, or take "
                "fewer channels or a coarser first stage"
            )
            raise ValueError(msg)

    def score(
        self, features: Features, *, is_normal: bool = False, with_cells: bool = True
    ) -> Scores:
        """Score images; see ``FeatureModel``."""
        apart = features.cells()[..., self.channels] - self.mean  # [B, h, w, D]
        cells = torch.einsum("bhwd,hwde->bhwe", apart, self.whitening).norm(dim=-1)
        return Scores(cells.flatten(1).amax(1), cells)

    def state(self) -> dict[str, Tensor]:
        """Return ``channels`` [D], ``mean`` [h, w, D] and ``whitening`` [h, w, D, D]."""
        return {"channels": self.channels, "mean": self.mean, "whitening": self.whitening}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Take back what ``state`` returned; for errors see ``FeatureModel``."""
        self.channels = restored(state, "channels", 1)
        self.mean, self.whitening = restored(state, "mean", 3), restored(state, "whitening", 4)


PADIM = FeatureMethod(
    info=feature_info(
        "padim",
        "Mahalanobis distance of patch features at each place; nothing is trained",
        paper="https://arxiv.org/abs/2011.08785",
    ),
    options=PadimOptions,
    model=Padim,
    uses_map_score=True,
)
