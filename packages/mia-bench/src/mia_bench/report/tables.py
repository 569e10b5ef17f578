"""What the page's tables show: the leaderboard, the matrix of each metric, published figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from mia_bench.leaderboard.leaderboard import DAGGER, MARK_NAMES, MARKS, MARKS_NOTE
from mia_bench.leaderboard.published import TIME
from mia_bench.leaderboard.rows import format_count, format_value
from mia_bench.metric_names import METRICS, TITLES
from mia_bench.report import ranks

if TYPE_CHECKING:
    from mia_bench.leaderboard.leaderboard import Board
    from mia_bench.leaderboard.published import Beside
    from mia_bench.leaderboard.rows import Row


def anchor(row: Row) -> str:
    """The id of a row's block of pictures, which is the end of links to it as it stands."""
    return quote(f"{row.dataset}--{row.label}", safe="+")


def row(board: Board, row: Row) -> dict[str, Any]:
    """A row of the leaderboard."""
    return {
        "dataset": row.dataset,
        "method": row.label,
        "anchor": anchor(row),
        "seeds": len(row.results),
        "cells": {metric: cell(board, row, metric) for metric in METRICS},
        "fit": row.seconds("fit"),
        "predict": row.seconds("predict"),
        "memory": _mebibytes(row, "cpu"),
        "gpu_memory": _mebibytes(row, "cuda"),
        "parameters": row.parameters(),
        "parameters_text": format_count(row.parameters()),
    }


def cell(board: Board, row: Row, metric: str) -> dict[str, Any]:
    """A value with its deviation, interval and mark."""
    standing, mark = board.standing(row, metric), board.mark(row, metric)
    interval = None
    if standing is not None:
        interval = f"{standing.found.low:.3f} to {standing.found.high:.3f}"
    return {
        "value": row.mean(metric),
        "mean": format_value(row.mean(metric), None),
        "deviation": row.deviation(metric),
        "interval": interval,
        "mark": MARKS[mark],
        "mark_name": MARK_NAMES[mark],
        "anchor": anchor(row),
    }


def matrix(board: Board, metric: str) -> dict[str, Any]:
    """Methods by datasets for one metric, with average ranks and the diagram of them."""
    having = [each for each in board.rows if each.mean(metric) is not None]
    names = list(dict.fromkeys(each.dataset for each in having))
    labels = dict.fromkeys(each.label for each in having)
    by_key = {each.key: each for each in board.rows}
    ranking = board.rankings[metric]
    average = ranking.average
    ordered = [*average, *(label for label in labels if label not in average)]
    return {
        "metric": metric,
        "title": TITLES[metric],
        "datasets": names,
        "ranked": bool(average),
        "marks_note": MARKS_NOTE,
        "rows": [
            {
                "method": label,
                "rank": average.get(label),
                "cells": [_heated(board, by_key.get((name, label)), metric) for name in names],
            }
            for label in ordered
        ],
        "ranking": ranking,
        "diagram": ranks.diagram(ranking.difference) if ranking.difference else None,
    }


def _heated(board: Board, row: Row | None, metric: str) -> dict[str, Any] | None:
    """A cell and its warmth: 0 for the worst method of the dataset, 100 for the best."""
    if row is None or (own := row.mean(metric)) is None:
        return None
    means = [mean for each in board.of(row.dataset) if (mean := each.mean(metric)) is not None]
    low, high = min(means), max(means)
    heat = round(100 * (own - low) / (high - low)) if high > low else 0
    return {**cell(board, row, metric), "heat": heat}


def published(board: Board) -> dict[str, Any]:
    """All published figures of the board's methods beside ours, and their numbered sources."""
    found = [(row, beside) for row in board.rows for beside in board.published.get(row.key, [])]
    sources = list(dict.fromkeys(beside.figure.source for _, beside in found))
    return {
        "rows": [_published(row, beside, sources) for row, beside in found],
        "sources": sources,
    }


def _published(row: Row, beside: Beside, sources: list[str]) -> dict[str, Any]:
    figure, is_time = beside.figure, beside.figure.metric == TIME
    deviation = None if is_time else row.deviation(figure.metric)
    return {
        "dataset": row.dataset,
        "method": row.label,
        "metric": "fit s" if is_time else TITLES[figure.metric],
        "ours": beside.ours,
        "ours_text": f"{beside.ours:.0f}" if is_time else format_value(beside.ours, deviation),
        "published": figure.value,
        "published_text": f"{figure.value:.0f}" if is_time else f"{figure.value:.3f}",
        "difference": beside.difference,
        "dagger": DAGGER if beside.caveats else "",
        "caveats": "; ".join(beside.caveats),
        "source": sources.index(figure.source) + 1,
    }


def _mebibytes(row: Row, device: str) -> float | None:
    peak = row.memory(device)
    return None if peak is None else peak / 2**20
