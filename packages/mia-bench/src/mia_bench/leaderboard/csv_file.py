"""The leaderboard as flat records: leaderboard.csv and ``--json``."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from mia_bench.files import write_text
from mia_bench.metric_names import METRICS

if TYPE_CHECKING:
    from pathlib import Path

    from mia_bench.leaderboard.leaderboard import Board
    from mia_bench.leaderboard.rows import Row


def as_records(board: Board) -> list[dict[str, Any]]:
    """One flat dict of JSON values a row, the columns of leaderboard.csv."""
    return [
        {
            "dataset": row.dataset,
            "method": row.label,
            "seeds": len(row.results),
            **{name: value for m in METRICS for name, value in _metric(board, row, m).items()},
            "fit_seconds": row.seconds("fit"),
            "predict_seconds": row.seconds("predict"),
            "peak_memory_bytes": row.memory("cpu"),
            "peak_gpu_memory_bytes": row.memory("cuda"),
            "parameters": row.parameters(),
        }
        for row in board.rows
    ]


def write_csv(path: Path, board: Board) -> None:
    """Write leaderboard.csv."""
    records = as_records(board)
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(records[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    write_text(path, buffer.getvalue())


def _metric(board: Board, row: Row, metric: str) -> dict[str, Any]:
    """The columns of one metric: value, interval, test, ranks, published figure."""
    beside = board.beside(row, metric)
    return {
        metric: row.mean(metric),
        f"{metric}_sd": row.deviation(metric),
        **_tested(board, row, metric),
        f"{metric}_published": beside and beside.figure.value,
        f"{metric}_difference": beside and beside.difference,
        f"{metric}_caveats": "; ".join(beside.caveats) if beside else None,
        f"{metric}_source": beside and beside.figure.source,
    }


def _tested(board: Board, row: Row, metric: str) -> dict[str, Any]:
    standing = board.standing(row, metric)
    known: dict[str, Any] = dict.fromkeys(("low", "high", "mark", "below_best", "p", "p_holm"))
    if standing is not None:
        found = standing.found
        known |= {"low": found.low, "high": found.high, "mark": standing.mark}
        if standing.rivals:
            known["below_best"] = found.difference
        if standing.mark in ("alike", "worse"):
            known |= {"p": found.p_value, "p_holm": found.adjusted}
    known["rank"] = board.rank(row, metric)
    known["average_rank"] = board.rankings[metric].average.get(row.label)
    return {f"{metric}_{name}": value for name, value in known.items()}
