"""Scores of the same test images by several trainings of one method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mia_bench.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mia_bench.run_folder.scores_csv import ImageScores
    from mia_bench.run_folder.status import FinishedRun


@dataclass(frozen=True)
class SeedScores:
    """Scores of the same images by several trainings.

    Attributes:
        ids: Identifiers of the N images, sorted.
        labels: 0 normal, 1 abnormal, (N,).
        scores: float32 (S, N), a row for each training.
    """

    ids: tuple[str, ...]
    labels: np.ndarray
    scores: np.ndarray

    @property
    def images(self) -> tuple[tuple[str, ...], bytes]:
        """Equal for scores of the same images with the same labels."""
        return self.ids, self.labels.tobytes()


def seed_scores(runs: Sequence[FinishedRun]) -> SeedScores:
    """Return the scores of all runs.

    Raises:
        StudyError: The runs scored different images.
    """
    sorted_scores = [_sort(run.scores) for run in runs]
    first = sorted_scores[0]
    for run, each in zip(runs, sorted_scores, strict=True):
        if each.images != first.images:
            msg = f"{run.folder.path} and {runs[0].folder.path} scored different test images"
            raise StudyError(msg)
    scores = np.concatenate([each.scores for each in sorted_scores])
    return SeedScores(first.ids, first.labels, scores)


def _sort(found: ImageScores) -> SeedScores:
    order = sorted(range(len(found.ids)), key=found.ids.__getitem__)
    ids = tuple(found.ids[i] for i in order)
    return SeedScores(ids, found.labels[order], found.scores[order][None])
