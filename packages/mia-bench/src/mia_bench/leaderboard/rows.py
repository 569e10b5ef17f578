"""Finished runs gathered: one row for each dataset and method, over its seeds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mia_bench.run_folder.folder import RunFolder, find_runs

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Row:
    """A method on a dataset.

    Attributes:
        dataset: Its registered name.
        label: The method's label in the study.
        folders: The folder of each seed's run.
        results: run.json of each seed.
    """

    dataset: str
    label: str
    folders: list[RunFolder]
    results: list[dict[str, Any]]

    @property
    def key(self) -> tuple[str, str]:
        """Dataset and label."""
        return self.dataset, self.label

    @property
    def seeds(self) -> list[int]:
        """Seeds that have finished."""
        return [result["settings"]["seed"] for result in self.results]

    def mean(self, metric: str) -> float | None:
        """Mean over the seeds, None where the runs do not have it."""
        values = self._values(metric)
        return float(np.mean(values)) if values else None

    def deviation(self, metric: str) -> float | None:
        """Standard deviation over the seeds (n - 1), None for fewer than two."""
        values = self._values(metric)
        return float(np.std(values, ddof=1)) if len(values) > 1 else None

    def seconds(self, stage: str) -> float:
        """Mean seconds of a stage."""
        return float(np.mean([result["seconds"][stage] for result in self.results]))

    def memory(self, device: str) -> int | None:
        """Largest peak memory of the seeds in bytes on ``"cpu"`` or ``"cuda"``, None for none."""
        return max(result["peak_memory"].get(device, 0) for result in self.results) or None

    def parameters(self) -> int | None:
        """Parameters that were learnt, None where the method cannot say."""
        return self.results[0].get("parameters")

    def _values(self, metric: str) -> list[float]:
        return [r["metrics"][metric] for r in self.results if r["metrics"].get(metric) is not None]


def gather(out: Path) -> list[Row]:
    """Rows of all finished runs, each dataset's methods by falling AUROC."""
    rows: dict[tuple[str, str], Row] = {}
    for folder in find_runs(out):
        if folder.result.exists():
            result = folder.read_result()
            key = result["settings"]["dataset"], result["settings"]["label"]
            row = rows.setdefault(key, Row(*key, [], []))
            row.folders.append(folder)
            row.results.append(result)
    return sorted(rows.values(), key=lambda row: (row.dataset, -(row.mean("auroc") or -math.inf)))


def format_value(mean: float | None, deviation: float | None) -> str:
    """``.812 ± .004``; a dash where there is no value."""
    if mean is None:
        return "-"
    return f"{mean:.3f}" if deviation is None else f"{mean:.3f} ± {deviation:.3f}"


def format_count(count: int | None) -> str:
    """``2.35 M``; a dash where there is none."""
    if count is None:
        return "-"
    for unit, size in (("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return str(count)
