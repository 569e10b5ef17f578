"""Two methods of a study, or the methods of two studies: the difference on each dataset."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import mia_metrics
import numpy as np

from mia_bench.errors import StudyError, unknown_name
from mia_bench.leaderboard import ALPHA, seed_resamples, seed_scores
from mia_bench.metric_names import IMAGE_METRICS
from mia_bench.run_folder.folder import State, find_runs
from mia_bench.run_folder.resamples_npz import N_RESAMPLES

if TYPE_CHECKING:
    from pathlib import Path

    from mia_bench.run_folder.folder import RunFolder
    from mia_bench.run_folder.resamples_npz import Resamples


Key = tuple[str, str]  # dataset and label
Seeds = dict[str, "RunFolder"]  # by the name of the seed's folder


@dataclass(frozen=True)
class Pair:
    """A difference on a dataset.

    Attributes:
        dataset: Where.
        a: Label of the first method.
        b: Label of the second; the same where two folders are compared.
        seeds: How many seeds both have; no others count.
        comparison: Of the means over these seeds, for other test images and other seeds.
        deviation: Standard deviation over the seeds of the difference, None for one seed.
        adjusted: p-value after Holm's correction for the number of pairs.
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
        """Whether the difference is more than chance, at the level of all tests here."""
        return self.adjusted < ALPHA


def between_folders(a: Path, b: Path, *, metric: str) -> list[Pair]:
    """Compare the runs of two folders that have the same dataset, label and seed.

    Raises:
        StudyError: There are none, or they scored different test images.
    """
    first, second = _finished(a), _finished(b)
    found = [_compare(key, key, first[key], second[key], metric) for key in first if key in second]
    return _adjusted(
        found,
        f"{a} and {b} have no finished runs of the same dataset, method, seed that have {metric}",
    )


def between_methods(out: Path, a: str, b: str, *, metric: str) -> list[Pair]:
    """Compare two methods of a folder on every dataset that both are finished on.

    Raises:
        StudyError: An unknown label, no common dataset and seed, or different test images.
    """
    runs = _finished(out)
    labels = list(dict.fromkeys(label for _, label in runs))
    for label in (a, b):
        if label not in labels:
            raise unknown_name(f"method in {out}", label, labels)
    found = [
        _compare((name, a), (name, b), runs[name, a], runs[name, b], metric)
        for name in dict.fromkeys(dataset for dataset, _ in runs)
        if (name, a) in runs and (name, b) in runs
    ]
    return _adjusted(
        found, f"{a} and {b} have no finished runs of the same dataset and seed that have {metric}"
    )


def _finished(out: Path) -> dict[Key, Seeds]:
    runs: dict[Key, Seeds] = {}
    for folder in find_runs(out):
        if folder.state() is State.FINISHED:
            dataset, label, seed = folder.path.parts[-3:]
            runs.setdefault((dataset, label), {})[seed] = folder
    return runs


def _compare(key_a: Key, key_b: Key, first: Seeds, second: Seeds, metric: str) -> Pair | None:
    """The pair of what both have, None where they have no seed or not this metric in common."""
    seeds = [seed for seed in first if seed in second]
    a, b = ([runs[seed] for seed in seeds] for runs in (first, second))
    measured = [[folder.read_result()["metrics"].get(metric) for folder in own] for own in (a, b)]
    if not seeds or None in (*measured[0], *measured[1]):
        return None
    test = _compare_scores if metric in IMAGE_METRICS else _compare_pixels
    each = [own - other for own, other in zip(*measured, strict=True)]
    deviation = float(np.std(each, ddof=1)) if len(seeds) > 1 else None
    (dataset, label), (_, other) = key_a, key_b
    return Pair(dataset, label, other, len(seeds), test(a, b, metric), deviation, adjusted=1.0)


def _compare_scores(
    first: list[RunFolder], second: list[RunFolder], metric: str
) -> mia_metrics.Comparison:
    a, b = seed_scores.read(first), seed_scores.read(second)
    if a.images != b.images:
        raise _different(first[0], second[0], "scored different test images")
    return mia_metrics.compare(
        a.labels, a.scores, b.scores, metric=metric, n_resamples=N_RESAMPLES, confidence=1 - ALPHA
    )


def _compare_pixels(
    first: list[RunFolder], second: list[RunFolder], metric: str
) -> mia_metrics.Comparison:
    a, b = (_read_pixels(folders, metric) for folders in (first, second))
    if not a or not b:
        lacking = (second if a else first)[0].path.parent
        msg = f"the runs in {lacking} have kept no resamples of {metric}, or different ones: an "
        msg += "older version made them; remove them and run them again"
        raise StudyError(msg)
    if seed_resamples.draws(a[0]) != seed_resamples.draws(b[0]):
        raise _different(first[0], second[0], "have other resamples or different test images")
    return mia_metrics.compare_pixels(
        [kept.pixels for kept in a],
        [kept.pixels for kept in b],
        metric=metric,
        confidence=1 - ALPHA,
    )


def _read_pixels(folders: list[RunFolder], metric: str) -> list[Resamples] | None:
    kept = seed_resamples.read(folders)
    return kept if kept and seed_resamples.have(kept, metric) else None


def _different(a: RunFolder, b: RunFolder, what: str) -> StudyError:
    return StudyError(f"{a.path} and {b.path} {what}")


def _adjusted(found: list[Pair | None], nothing: str) -> list[Pair]:
    pairs = [pair for pair in found if pair is not None]
    if not pairs:
        raise StudyError(nothing)
    adjusted = mia_metrics.holm([pair.comparison.p_value for pair in pairs]).tolist()
    return [replace(pair, adjusted=p) for pair, p in zip(pairs, adjusted, strict=True)]
