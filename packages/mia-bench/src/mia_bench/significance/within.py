"""On each dataset: the interval of every method, and its test against the best."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import mia_metrics

from mia_bench.significance import ALPHA, METRICS, predictions

if TYPE_CHECKING:
    from mia_bench.leaderboard import Row
    from mia_bench.significance.predictions import Predictions

Key = tuple[str, str]
Mark = Literal["best", "alike", "worse", "alone"]

MIN_RESAMPLES = 1000
# With these, the smallest p-value is still below ALPHA after Holm's correction for all methods.
RESAMPLES_PER_METHOD = 40


@dataclass(frozen=True)
class Standing:
    """A method on a dataset by one metric.

    Attributes:
        found: Its interval and its test against the best.
        rivals: Methods that it was tested with; those that scored other test images are not.
    """

    found: mia_metrics.VersusBest
    rivals: int

    @property
    def mark(self) -> Mark:
        """The best, not significantly worse than it, worse, or alone on these images."""
        if not self.rivals:
            return "alone"
        if self.found.is_best:
            return "best"
        return "alike" if self.found.adjusted >= ALPHA else "worse"


def standings(rows: list[Row]) -> dict[str, dict[Key, Standing]]:
    """For each metric the standing of each row, by dataset and label.

    Only methods that scored the same test images are tested against each other; those that scored
    others than most (of a dataset that changed between two runs) have an interval alone.

    Raises:
        StudyError: Seeds of a method that scored different images.
    """
    found: dict[str, dict[Key, Standing]] = {metric: {} for metric in METRICS}
    for dataset in dict.fromkeys(row.dataset for row in rows):
        read = {row.label: predictions.read(row.folders) for row in rows if row.dataset == dataset}
        for group in _groups(read):
            for metric in METRICS:
                for label, standing in _test(group, metric).items():
                    found[metric][dataset, label] = standing
    return found


def _groups(read: dict[str, Predictions]) -> list[dict[str, Predictions]]:
    """The methods of the most common test images, and each other one alone."""
    images = {label: (each.ids, each.labels.tobytes()) for label, each in read.items()}
    most, _ = Counter(images.values()).most_common(1)[0]
    together = {label: each for label, each in read.items() if images[label] == most}
    return [together, *({label: read[label]} for label in read if label not in together)]


def _test(group: dict[str, Predictions], metric: str) -> dict[str, Standing]:
    found = mia_metrics.compare_with_best(
        next(iter(group.values())).labels,
        {label: each.scores for label, each in group.items()},
        metric=metric,
        confidence=1 - ALPHA,
        n_resamples=max(MIN_RESAMPLES, RESAMPLES_PER_METHOD * len(group)),
    )
    return {label: Standing(each, len(group) - 1) for label, each in found.items()}
