"""The page's block on an epoch that was chosen without labels, beside the last one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mia_bench.detectors.epoch_selection import PSEUDO
from mia_bench.leaderboard.rows import format_value
from mia_bench.metric_names import METRICS, TITLES
from mia_bench.report import run_charts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mia_bench.leaderboard.rows import Row
    from mia_bench.run_folder.records import RunRecord

AGAINST = {PSEUDO: "all test images, unlabeled"}
PASTED = "synthetic anomalies pasted into them"


def selection_context(row: Row) -> dict[str, Any] | None:
    """Return epochs and metrics of the chosen and the last epoch; None if nothing was chosen."""
    records = [run.record for run in row.runs]
    selections = [record.selection for record in records if record.selection is not None]
    if not selections:
        return None
    rule = row.settings.select or ""
    return {
        "rule": rule,
        "against": AGAINST.get(rule, PASTED),
        "held_out": selections[0].held_out,
        "epochs": [selection.epoch for selection in selections],
        "last": selections[0].last.epoch,
        "metrics": [line for metric in METRICS if (line := _compare(metric, records))],
        "plot": run_charts.chosen_epoch(selections[0]),
    }


def _compare(metric: str, records: Sequence[RunRecord]) -> dict[str, str] | None:
    """Return the metric of both epochs; None unless every run that chose one has it."""
    pairs = [
        (record.metrics.get(metric), record.selection.last.metrics.get(metric))
        for record in records
        if record.selection is not None
    ]
    known = [(kept, last) for kept, last in pairs if kept is not None and last is not None]
    if len(known) < len(pairs):
        return None
    kept, last = np.array(known).T
    return {
        "title": TITLES[metric],
        "chosen": _text(kept),
        "last": _text(last),
        "gain": f"{(kept - last).mean():+.3f}",
    }


def _text(values: np.ndarray) -> str:
    deviation = float(values.std(ddof=1)) if len(values) > 1 else None
    return format_value(float(values.mean()), deviation)
