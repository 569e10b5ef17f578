"""Scores of patients, from those of their images."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from mia_data import ImageSet


class PatientScores(NamedTuple):
    """Scores of the patients of a test set.

    Attributes:
        labels: 0 normal, 1 with an abnormal image, (P,).
        scores: The highest score of a patient's images, float32 (P,).
    """

    labels: np.ndarray
    scores: np.ndarray


def score_patients(test: ImageSet, scores: np.ndarray) -> PatientScores | None:
    """Return the scores of the patients; None where they are not known or all of one label."""
    if test.patients is None:
        return None
    _, patients = np.unique(np.array(test.patients), return_inverse=True)
    count = int(patients.max()) + 1
    labels = np.zeros(count, np.int64)
    np.maximum.at(labels, patients, test.labels)
    highest = np.full(count, -np.inf, np.float32)
    np.maximum.at(highest, patients, np.asarray(scores, np.float32))
    return PatientScores(labels, highest) if 0 < labels.sum() < count else None
