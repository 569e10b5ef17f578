"""Tests of every method against the best of its dataset, and intervals of its metrics."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import mia_metrics

from mia_bench.leaderboard import ALPHA
from mia_bench.leaderboard.seed_resamples import all_have, resampled_images, seed_resamples
from mia_bench.leaderboard.seed_scores import seed_scores
from mia_bench.metric_names import IMAGE_METRICS, PIXEL_METRICS

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from mia_bench.leaderboard.rows import Row
    from mia_bench.leaderboard.seed_scores import SeedScores
    from mia_bench.run_folder.resamples_npz import RunResamples

Mark = Literal["best", "alike", "worse", "alone"]
ByMetric = dict[str, dict[str, "BestComparison"]]  # metric -> label

MIN_RESAMPLES = 1000
# With these, the smallest p-value is still below ALPHA after Holm's correction for all methods.
RESAMPLES_PER_METHOD = 40


@dataclass(frozen=True)
class BestComparison:
    """A metric of a method on a dataset: its interval, and its test against the best method.

    Attributes:
        found: The interval and the test.
        rivals: Number of methods that it was tested with; those that scored other test images are
            not among them.
    """

    found: mia_metrics.VersusBest
    rivals: int

    @property
    def mark(self) -> Mark:
        """Best, not significantly worse than the best, worse, or alone on these images."""
        if not self.rivals:
            return "alone"
        if self.found.is_best:
            return "best"
        return "alike" if self.found.adjusted >= ALPHA else "worse"


def compare_with_best(rows: Sequence[Row]) -> ByMetric:
    """Test the methods of one dataset by every metric: metric -> label -> comparison.

    Only methods that scored the same test images are tested against each other; those that scored
    others than most (of a dataset that changed between two runs) have an interval alone. Rows
    whose runs have not kept resamples of their pixel metrics have no comparison by these.

    Raises:
        StudyError: Seeds of a method that scored different images.
    """
    scores = {row.label: seed_scores(row.runs) for row in rows}
    resamples = {row.label: kept for row in rows if (kept := seed_resamples(row.runs))}
    by_score: ByMetric = {metric: _compare_scores(scores, metric) for metric in IMAGE_METRICS}
    by_pixel = {metric: _compare_pixels(resamples, metric) for metric in PIXEL_METRICS}
    return {**by_score, **by_pixel}


def _compare_scores(scores: Mapping[str, SeedScores], metric: str) -> dict[str, BestComparison]:
    compared: dict[str, BestComparison] = {}
    for labels in _groups({label: each.images for label, each in scores.items()}):
        tested = mia_metrics.compare_with_best(
            scores[labels[0]].labels,
            {label: scores[label].scores for label in labels},
            metric=metric,
            confidence=1 - ALPHA,
            n_resamples=max(MIN_RESAMPLES, RESAMPLES_PER_METHOD * len(labels)),
        )
        compared |= _with_rivals(tested)
    return compared


def _compare_pixels(
    resamples: Mapping[str, list[RunResamples]], metric: str
) -> dict[str, BestComparison]:
    kept = {label: each for label, each in resamples.items() if all_have(each, metric)}
    compared: dict[str, BestComparison] = {}
    for labels in _groups({label: resampled_images(each[0]) for label, each in kept.items()}):
        tested = mia_metrics.compare_pixels_with_best(
            {label: [seed.pixels for seed in kept[label]] for label in labels},
            metric=metric,
            confidence=1 - ALPHA,
        )
        compared |= _with_rivals(tested)
    return compared


def _with_rivals(tested: Mapping[str, mia_metrics.VersusBest]) -> dict[str, BestComparison]:
    return {label: BestComparison(each, len(tested) - 1) for label, each in tested.items()}


def _groups(images: Mapping[str, Hashable]) -> list[list[str]]:
    """Return the methods of the most common test images, and each other one alone."""
    if not images:
        return []
    most, _ = Counter(images.values()).most_common(1)[0]
    together = [label for label, own in images.items() if own == most]
    return [together, *([label] for label in images if label not in together)]
