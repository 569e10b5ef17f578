"""Records of a feature method, and what its model of the normal images must be able to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from mia_ssl._engine.records import MethodInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import torch
    from torch import Tensor

    from mia_ssl.features.extract import Features
    from mia_ssl.features.options import FeatureOptions

IMAGE_SIZE = 224


class Scores(NamedTuple):
    """Scores of B images; higher is more abnormal.

    Attributes:
        image: Score of each image, [B].
        cells: Score of each cell of the first stage's grid, [B, h, w]; None where nobody asked.
    """

    image: Tensor
    cells: Tensor | None


class NormalImages(Protocol):
    """Features of the normal images, to be passed through as often as a model likes."""

    @property
    def count(self) -> int:
        """Number of images; an image counts once in each of its orientations."""
        ...

    @property
    def epochs(self) -> int:
        """Number of passes over changed images, of a model that is trained."""
        ...

    def __call__(self) -> Iterator[Features]:
        """Yield the features of all images, batch by batch."""
        ...

    def changed(self, change: Callable[[Tensor], Tensor], numbers: Tensor) -> Iterator[Features]:
        """Yield the features of some images after a change, batch by batch.

        Args:
            change: Returns changed images, uint8 [B, C, S, S] on the CPU.
            numbers: Numbers of the images, int64 [N].
        """
        ...


class FeatureModel(Protocol):
    """Model of normal features."""

    def fit(self, normals: NormalImages, generator: torch.Generator) -> None:
        """Learn the normal features.

        Args:
            normals: Features of the normal images.
            generator: Source of all that is drawn, on the CPU.

        Raises:
            ValueError: Too few images, or more memory than the options allow.
        """
        ...

    def score(
        self, features: Features, *, is_normal: bool = False, with_cells: bool = True
    ) -> Scores:
        """Score images.

        Args:
            features: Features of the images.
            is_normal: Whether they are those that the model was fitted to: then none is compared
                with itself.
            with_cells: Whether the scores of cells are wanted.
        """
        ...

    def state(self) -> dict[str, Tensor]:
        """Return the learned tensors, for a file."""
        ...

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Take back what ``state`` returned.

        Raises:
            KeyError: A tensor is missing.
            ValueError: A tensor of another shape, or with NaN or infinity.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class FeatureMethod:
    """A feature method, as its file in ``methods`` describes it.

    Attributes:
        info: Name, paper and sizes.
        options: Dataclass of its options.
        model: Makes its model from the options.
        uses_map_score: Whether an image's score is the largest value of its map.
    """

    info: MethodInfo
    options: type[FeatureOptions]
    model: Callable[[Any], FeatureModel]
    uses_map_score: bool = False


def feature_info(name: str, summary: str, *, paper: str, epochs: int = 0) -> MethodInfo:
    """Return the facts of a method, with what all feature methods share."""
    return MethodInfo(
        name=name,
        family="features",
        summary=summary,
        paper=paper,
        image_size=IMAGE_SIZE,
        channels=3,
        epochs=epochs,
        batch_size=16,
        has_map=True,
    )
