"""Scores of patients and volumes, from those of their images."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence


class GroupScores(NamedTuple):
    """Scores of groups of test images.

    Attributes:
        labels: 0 normal, 1 with an abnormal image, (G,).
        scores: The highest score of a group's images, float32 (G,).
    """

    labels: np.ndarray
    scores: np.ndarray


def score_groups(
    groups: Sequence[str] | None, labels: np.ndarray, scores: np.ndarray
) -> GroupScores | None:
    """Return the scores of groups of images; None without groups, or if all have one label.

    Args:
        groups: The group of each of N images, such as its patient; None where it is not known.
        labels: Their labels, 0 normal and 1 abnormal, (N,).
        scores: Their scores, (N,).
    """
    if groups is None:
        return None
    _, members = np.unique(np.array(groups), return_inverse=True)
    count = int(members.max()) + 1
    found = np.zeros(count, np.int64)
    np.maximum.at(found, members, labels)
    highest = np.full(count, -np.inf, np.float32)
    np.maximum.at(highest, members, np.asarray(scores, np.float32))
    return GroupScores(found, highest) if 0 < found.sum() < count else None
