"""Differences between two methods of a study, or between the methods of two studies."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import mia_metrics
import numpy as np

from mia_bench.errors import StudyError, unknown_name
from mia_bench.leaderboard import ALPHA
from mia_bench.leaderboard.seed_resamples import all_have, resampled_images, seed_resamples
from mia_bench.leaderboard.seed_scores import seed_scores
from mia_bench.metric_names import IMAGE_METRICS
from mia_bench.run_folder.resamples_npz import N_RESAMPLES
from mia_bench.run_folder.status import read_runs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from mia_bench.run_folder.resamples_npz import RunResamples
    from mia_bench.run_folder.status import FinishedRun, RunStatus


Key = tuple[str, str]  # dataset and label
Seeds = dict[str, "FinishedRun"]  # by the name of the seed's folder


@dataclass(frozen=True)
class MethodDifference:
    """A difference on a dataset.

    Attributes:
        dataset: Registered name of the dataset.
        a: Label of the first method.
        b: Label of the second; the same where two folders are compared.
        seeds: Number of seeds that both have; no others count.
        comparison: Comparison of the means over these seeds, for other test images and seeds.
        deviation: Standard deviation over the seeds of the difference, None for one seed.
        adjusted: p-value after Holm's correction for the number of differences.
    """

    dataset: str
    a: str
    b: str
    seeds: int
    comparison: mia_metrics.Comparison
    deviation: float | None
    adjusted: float

    @property
    def differs(self) -> bool:
        """True if the difference is significant at the level of all tests here."""
        return self.adjusted < ALPHA


@dataclass(frozen=True)
class Differences:
    """The differences that were found.

    Attributes:
        found: One for each dataset, or for each dataset and method of two folders.
        unreadable: Runs that cannot be read and so take no part.
    """

    found: list[MethodDifference]
    unreadable: list[RunStatus]


def between_folders(a: Path, b: Path, *, metric: str) -> Differences:
    """Compare the runs of two folders that have the same dataset, label and seed.

    Raises:
        StudyError: There are none, or they scored different test images.
    """
    runs_a, runs_b = read_runs(a), read_runs(b)
    first, second = _by_method(runs_a), _by_method(runs_b)
    found = [_compare(key, key, first[key], second[key], metric) for key in first if key in second]
    nothing = f"{a} and {b} have no finished runs of the same dataset, method, seed"
    return _adjust(found, f"{nothing} that have {metric}", [*runs_a, *runs_b])


def between_methods(out: Path, a: str, b: str, *, metric: str) -> Differences:
    """Compare two methods of a folder on every dataset that both are finished on.

    Raises:
        StudyError: An unknown label, no common dataset and seed, or different test images.
    """
    runs = read_runs(out)
    methods = _by_method(runs)
    labels = list(dict.fromkeys(label for _, label in methods))
    for label in (a, b):
        if label not in labels:
            raise unknown_name(f"method in {out}", label, labels)
    found = [
        _compare((name, a), (name, b), methods[name, a], methods[name, b], metric)
        for name in dict.fromkeys(dataset for dataset, _ in methods)
        if (name, a) in methods and (name, b) in methods
    ]
    nothing = f"{a} and {b} have no finished runs of the same dataset and seed"
    return _adjust(found, f"{nothing} that have {metric}", runs)


def _by_method(runs: Iterable[RunStatus]) -> dict[Key, Seeds]:
    methods: dict[Key, Seeds] = {}
    for each in runs:
        if each.run is not None:
            dataset, label, seed = each.run.folder.path.parts[-3:]
            methods.setdefault((dataset, label), {})[seed] = each.run
    return methods


def _compare(
    key_a: Key, key_b: Key, first: Seeds, second: Seeds, metric: str
) -> MethodDifference | None:
    """Return the difference over the common seeds; None without such seeds or this metric."""
    seeds = [seed for seed in first if seed in second]
    a, b = ([runs[seed] for seed in seeds] for runs in (first, second))
    values = [[run.record.metrics.get(metric) for run in runs] for runs in (a, b)]
    known = [[value for value in each if value is not None] for each in values]
    if not seeds or any(len(each) < len(seeds) for each in known):
        return None
    compare = _compare_scores if metric in IMAGE_METRICS else _compare_pixels
    differences = [own - other for own, other in zip(*known, strict=True)]
    deviation = float(np.std(differences, ddof=1)) if len(seeds) > 1 else None
    (dataset, label), (_, other_label) = key_a, key_b
    comparison = compare(a, b, metric)
    return MethodDifference(
        dataset, label, other_label, len(seeds), comparison, deviation, adjusted=1.0
    )


def _compare_scores(
    first: Sequence[FinishedRun], second: Sequence[FinishedRun], metric: str
) -> mia_metrics.Comparison:
    a, b = seed_scores(first), seed_scores(second)
    if a.images != b.images:
        raise _different(first[0], second[0], "scored different test images")
    return mia_metrics.compare(
        a.labels, a.scores, b.scores, metric=metric, n_resamples=N_RESAMPLES, confidence=1 - ALPHA
    )


def _compare_pixels(
    first: Sequence[FinishedRun], second: Sequence[FinishedRun], metric: str
) -> mia_metrics.Comparison:
    a, b = (_resamples(runs, metric) for runs in (first, second))
    if not a or not b:
        lacking = (second if a else first)[0].folder.path.parent
        msg = f"the runs in {lacking} have kept no resamples of {metric}, or different ones: an "
        msg += "older version made them; remove them and run them again"
        raise StudyError(msg)
    if resampled_images(a[0]) != resampled_images(b[0]):
        raise _different(first[0], second[0], "have other resamples or different test images")
    return mia_metrics.compare_pixels(
        [kept.pixels for kept in a],
        [kept.pixels for kept in b],
        metric=metric,
        confidence=1 - ALPHA,
    )


def _resamples(runs: Sequence[FinishedRun], metric: str) -> list[RunResamples] | None:
    kept = seed_resamples(runs)
    return kept if kept and all_have(kept, metric) else None


def _different(a: FinishedRun, b: FinishedRun, what: str) -> StudyError:
    return StudyError(f"{a.folder.path} and {b.folder.path} {what}")


def _adjust(
    found: Iterable[MethodDifference | None], nothing: str, runs: Iterable[RunStatus]
) -> Differences:
    """Apply Holm's correction; without any difference, raise an error that says ``nothing``."""
    unreadable = [each for each in runs if each.is_unreadable]
    known = [each for each in found if each is not None]
    if not known:
        also = f"; {unreadable[0].note}" if unreadable else ""
        raise StudyError(f"{nothing}{also}")
    adjusted = mia_metrics.holm([each.comparison.p_value for each in known]).tolist()
    return Differences(
        [replace(each, adjusted=p) for each, p in zip(known, adjusted, strict=True)], unreadable
    )
