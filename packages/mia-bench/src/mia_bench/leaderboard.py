"""Finished runs gathered: one row for each dataset and method, over its seeds."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mia_bench.errors import StudyError
from mia_bench.files import write_text
from mia_bench.runfolder import RunFolder

if TYPE_CHECKING:
    from pathlib import Path

METRICS = ("auroc", "ap", "pixel_auroc", "pixel_ap", "best_dice", "aupro")
# How tables name them; a star marks what the test masks choose a threshold for.
TITLES = {
    "auroc": "AUROC",
    "ap": "AP",
    "pixel_auroc": "pixel AUROC",
    "pixel_ap": "pixel AP",
    "best_dice": "best Dice*",
    "aupro": "AUPRO",
}
ORACLE_NOTE = "* oracle: the threshold is chosen with the test masks"


@dataclass(frozen=True)
class Row:
    """A method on a dataset.

    Attributes:
        dataset: Its registered name.
        label: The method's label in the study.
        results: run.json of each seed.
    """

    dataset: str
    label: str
    results: list[dict[str, Any]]

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

    def memory(self) -> int:
        """Largest peak memory of the seeds in bytes: of the GPU where one was used."""
        peaks = [result["peak_memory"] for result in self.results]
        return max(peak.get("cuda", peak["cpu"]) for peak in peaks)

    def _values(self, metric: str) -> list[float]:
        return [r["metrics"][metric] for r in self.results if r["metrics"].get(metric) is not None]


def find_runs(out: Path) -> list[RunFolder]:
    """The folders of all runs below a study's folder, sorted.

    Raises:
        StudyError: There is no run.
    """
    folders = sorted({path.parent for path in out.glob("*/*/seed-*/*.json")})
    if not folders:
        msg = f"no runs in {out}: expected folders DATASET/METHOD/seed-N"
        raise StudyError(msg)
    return [RunFolder(path) for path in folders]


def gather(out: Path) -> list[Row]:
    """Rows of all finished runs, each dataset's methods by falling AUROC."""
    rows: dict[tuple[str, str], Row] = {}
    for folder in find_runs(out):
        if folder.result.exists():
            result = folder.read_result()
            key = result["settings"]["dataset"], result["settings"]["label"]
            rows.setdefault(key, Row(*key, [])).results.append(result)
    return sorted(rows.values(), key=lambda row: (row.dataset, -(row.mean("auroc") or -math.inf)))


def as_records(rows: list[Row]) -> list[dict[str, Any]]:
    """One flat dict of JSON values a row, the columns of leaderboard.csv."""
    return [
        {
            "dataset": row.dataset,
            "method": row.label,
            "seeds": len(row.results),
            **{
                name: value
                for metric in METRICS
                for name, value in (
                    (metric, row.mean(metric)),
                    (f"{metric}_sd", row.deviation(metric)),
                )
            },
            "fit_seconds": row.seconds("fit"),
            "predict_seconds": row.seconds("predict"),
            "peak_memory_bytes": row.memory(),
        }
        for row in rows
    ]


def write_csv(path: Path, rows: list[Row]) -> None:
    """Write leaderboard.csv."""
    records = as_records(rows)
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(records[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    write_text(path, buffer.getvalue())


def format_value(mean: float | None, deviation: float | None) -> str:
    """``.812 ± .004``; a dash where there is no value."""
    if mean is None:
        return "-"
    return f"{mean:.3f}" if deviation is None else f"{mean:.3f} ± {deviation:.3f}"
