"""On each dataset: the interval of every method, and its test against the best."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import mia_metrics

from mia_bench.leaderboard import ALPHA, seed_resamples, seed_scores
from mia_bench.metric_names import IMAGE_METRICS, PIXEL_METRICS

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping

    from mia_bench.leaderboard.rows import Row
    from mia_bench.leaderboard.seed_scores import Predictions
    from mia_bench.run_folder.resamples_npz import Resamples

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
    others than most (of a dataset that changed between two runs) have an interval alone. Rows
    whose runs have not kept resamples of their pixel metrics have no standing by these.

    Raises:
        StudyError: Seeds of a method that scored different images, or damaged files.
    """
    found: dict[str, dict[Key, Standing]] = {m: {} for m in (*IMAGE_METRICS, *PIXEL_METRICS)}
    for dataset in dict.fromkeys(row.dataset for row in rows):
        own = [row for row in rows if row.dataset == dataset]
        scores = {row.label: seed_scores.read(row.folders) for row in own}
        for labels in _groups({label: each.images for label, each in scores.items()}):
            for metric in IMAGE_METRICS:
                tested = _test_scores({label: scores[label] for label in labels}, metric)
                found[metric].update(_named(dataset, tested))
        resamples = {row.label: each for row in own if (each := seed_resamples.read(row.folders))}
        for metric in PIXEL_METRICS:
            kept = {
                label: each
                for label, each in resamples.items()
                if seed_resamples.have(each, metric)
            }
            for labels in _groups(
                {label: seed_resamples.draws(each[0]) for label, each in kept.items()}
            ):
                tested = _test_pixels({label: kept[label] for label in labels}, metric)
                found[metric].update(_named(dataset, tested))
    return found


def _named(
    dataset: str, tested: Mapping[str, mia_metrics.VersusBest]
) -> Iterator[tuple[Key, Standing]]:
    for label, each in tested.items():
        yield (dataset, label), Standing(each, len(tested) - 1)


def _groups(images: Mapping[str, Hashable]) -> list[list[str]]:
    """The methods of the most common test images, and each other one alone."""
    if not images:
        return []
    most, _ = Counter(images.values()).most_common(1)[0]
    together = [label for label, own in images.items() if own == most]
    return [together, *([label] for label in images if label not in together)]


def _test_scores(group: dict[str, Predictions], metric: str) -> dict[str, mia_metrics.VersusBest]:
    return mia_metrics.compare_with_best(
        next(iter(group.values())).labels,
        {label: each.scores for label, each in group.items()},
        metric=metric,
        confidence=1 - ALPHA,
        n_resamples=max(MIN_RESAMPLES, RESAMPLES_PER_METHOD * len(group)),
    )


def _test_pixels(
    group: dict[str, list[Resamples]], metric: str
) -> dict[str, mia_metrics.VersusBest]:
    return mia_metrics.compare_pixels_with_best(
        {label: [seed.pixels for seed in each] for label, each in group.items()},
        metric=metric,
        confidence=1 - ALPHA,
    )
