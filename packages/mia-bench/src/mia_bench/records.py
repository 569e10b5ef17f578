"""The leaderboard as flat records: leaderboard.csv and ``--json``."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from mia_bench.files import write_text
from mia_bench.leaderboard import METRICS
from mia_bench.significance import METRICS as TESTED

if TYPE_CHECKING:
    from pathlib import Path

    from mia_bench.board import Board
    from mia_bench.leaderboard import Row


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
    """The columns of one metric; image-level ones have an interval, a test and ranks too."""
    beside = board.beside(row, metric)
    return {
        metric: row.mean(metric),
        f"{metric}_sd": row.deviation(metric),
        **(_tested(board, row, metric) if metric in TESTED else {}),
        f"{metric}_published": beside and beside.figure.value,
        f"{metric}_difference": beside and beside.difference,
        f"{metric}_caveats": "; ".join(beside.caveats) if beside else None,
        f"{metric}_source": beside and beside.figure.source,
    }


def _tested(board: Board, row: Row, metric: str) -> dict[str, Any]:
    standing = board.standing(row, metric)
    if standing is None:
        return {}
    found = standing.found
    return {
        f"{metric}_low": found.low,
        f"{metric}_high": found.high,
        f"{metric}_mark": standing.mark,
        f"{metric}_below_best": found.difference if standing.rivals else None,
        f"{metric}_p": found.p_value if standing.mark in ("alike", "worse") else None,
        f"{metric}_p_holm": found.adjusted if standing.mark in ("alike", "worse") else None,
        f"{metric}_rank": board.rank(row, metric),
        f"{metric}_average_rank": board.rankings[metric].average.get(row.label),
    }
