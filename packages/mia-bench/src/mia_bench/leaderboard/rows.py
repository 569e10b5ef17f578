"""Rows of the leaderboard: one for each dataset and method, summed up over its seeds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mia_bench.errors import StudyError
from mia_bench.run_folder.records import PeakMemory
from mia_bench.run_folder.status import read_runs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from mia_bench.run_folder.records import RunSettings
    from mia_bench.run_folder.status import FinishedRun, RunStatus


@dataclass(frozen=True, kw_only=True)
class Row:
    """The finished runs of a method on a dataset.

    Attributes:
        dataset: Registered name of the dataset.
        label: The method's label in the study.
        runs: The run of each seed.
        means: Metric -> mean over the seeds; metrics that no seed has are left out.
        deviations: Metric -> standard deviation over the seeds (n - 1), where two seeds have it.
        fit_seconds: Mean seconds of training.
        predict_seconds: Mean seconds of scoring the test images.
        peak_memory: Largest peak memory of the seeds.
        parameters: Trained parameters, None where the method cannot say.
        parameters_text: The same, as ``2.35 M``.
    """

    dataset: str
    label: str
    runs: tuple[FinishedRun, ...]
    means: Mapping[str, float]
    deviations: Mapping[str, float]
    fit_seconds: float
    predict_seconds: float
    peak_memory: PeakMemory
    parameters: int | None
    parameters_text: str

    @property
    def key(self) -> tuple[str, str]:
        """Dataset and label."""
        return self.dataset, self.label

    @property
    def seeds(self) -> list[int]:
        """Seeds that have finished."""
        return [run.record.settings.seed for run in self.runs]

    @property
    def settings(self) -> RunSettings:
        """Settings of the first seed."""
        return self.runs[0].record.settings


def make_rows(runs: Iterable[RunStatus]) -> list[Row]:
    """Return the rows of the finished runs, each dataset's methods by falling AUROC."""
    groups: dict[tuple[str, str], list[FinishedRun]] = {}
    for each in runs:
        if each.run is not None:
            settings = each.run.record.settings
            groups.setdefault((settings.dataset, settings.label), []).append(each.run)
    rows = [make_row(*key, group) for key, group in groups.items()]
    return sorted(rows, key=lambda row: (row.dataset, -row.means.get("auroc", -math.inf)))


def make_row(dataset: str, label: str, runs: list[FinishedRun]) -> Row:
    """Sum up the seeds of a method on a dataset."""
    records = [run.record for run in runs]
    values: dict[str, list[float]] = {}
    for record in records:
        for metric, value in record.metrics.items():
            if value is not None:
                values.setdefault(metric, []).append(value)
    return Row(
        dataset=dataset,
        label=label,
        runs=tuple(runs),
        means={metric: float(np.mean(each)) for metric, each in values.items()},
        deviations={
            metric: float(np.std(each, ddof=1)) for metric, each in values.items() if len(each) > 1
        },
        fit_seconds=float(np.mean([record.seconds.fit for record in records])),
        predict_seconds=float(np.mean([record.seconds.predict for record in records])),
        peak_memory=PeakMemory.largest([record.peak_memory for record in records]),
        parameters=records[0].parameters,
        parameters_text=format_count(records[0].parameters),
    )


def gather(out: Path) -> list[Row]:
    """Read the rows of a study's folder.

    Raises:
        StudyError: There is no run, or one that cannot be read.
    """
    runs = read_runs(out)
    for each in runs:
        if each.is_unreadable:
            raise StudyError(each.note)
    return make_rows(runs)


def format_value(mean: float | None, deviation: float | None) -> str:
    """Return ``.812 ± .004``; a dash where there is no value."""
    if mean is None:
        return "-"
    return f"{mean:.3f}" if deviation is None else f"{mean:.3f} ± {deviation:.3f}"


def format_count(count: int | None) -> str:
    """Return ``2.35 M``; a dash where there is no count."""
    if count is None:
        return "-"
    for unit, size in (("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return str(count)
