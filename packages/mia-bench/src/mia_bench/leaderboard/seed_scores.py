"""What several trainings of one method predicted for the same test images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mia_bench.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mia_bench.run_folder.folder import RunFolder


@dataclass(frozen=True)
class Predictions:
    """Scores of the same images by several trainings.

    Attributes:
        ids: Identifiers of the N images, sorted.
        labels: 0 normal, 1 abnormal, (N,).
        scores: float32 (S, N), a row a training.
    """

    ids: tuple[str, ...]
    labels: np.ndarray
    scores: np.ndarray

    @property
    def images(self) -> tuple[tuple[str, ...], bytes]:
        """Alike for predictions of the same images with the same labels."""
        return self.ids, self.labels.tobytes()


def read(folders: Sequence[RunFolder]) -> Predictions:
    """Predictions of finished runs.

    Raises:
        StudyError: The runs scored different images.
    """
    each = [_read(folder) for folder in folders]
    for folder, found in zip(folders, each, strict=True):
        if found.images != each[0].images:
            msg = f"{folder.path} and {folders[0].path} scored different test images"
            raise StudyError(msg)
    scores = np.concatenate([found.scores for found in each])
    return Predictions(each[0].ids, each[0].labels, scores)


def _read(folder: RunFolder) -> Predictions:
    ids, labels, scores = folder.read_scores()
    order = sorted(range(len(ids)), key=ids.__getitem__)
    return Predictions(tuple(ids[i] for i in order), labels[order], scores[order][None])
