"""Contexts of the page's tables: the leaderboard, the matrix of each metric, published figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from mia_bench.leaderboard.leaderboard import DAGGER, MARK_NAMES, MARKS, MARKS_NOTE
from mia_bench.leaderboard.published import TIME
from mia_bench.metric_names import TITLES
from mia_bench.report import ranks
from mia_bench.report.method_facts import method_anchor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mia_bench.leaderboard.leaderboard import Cell, Leaderboard
    from mia_bench.leaderboard.published import PublishedComparison
    from mia_bench.leaderboard.rows import Row


def anchor(row: Row) -> str:
    """Return the id of a row's block of pictures, which is the end of links to it as it stands."""
    return quote(f"{row.dataset}--{row.label}", safe="+")


def row_context(leaderboard: Leaderboard, row: Row) -> dict[str, Any]:
    """Return the values of a row of the leaderboard."""
    cells = leaderboard.cells[row.key]
    return {
        "dataset": row.dataset,
        "method": row.label,
        "anchor": anchor(row),
        "seeds": len(row.runs),
        "cells": {metric: cell_context(row, cell) for metric, cell in cells.items()},
        "fit": row.fit_seconds,
        "predict": row.predict_seconds,
        "memory": _mebibytes(row.peak_memory.cpu),
        "gpu_memory": _mebibytes(row.peak_memory.cuda),
        "parameters": row.parameters,
        "parameters_text": row.parameters_text,
    }


def cell_context(row: Row, cell: Cell) -> dict[str, Any]:
    """Return a value with its deviation, interval, mark and warmth."""
    interval = None
    if cell.comparison is not None:
        interval = f"{cell.comparison.found.low:.3f} to {cell.comparison.found.high:.3f}"
    return {
        "value": cell.mean,
        "mean": "-" if cell.mean is None else f"{cell.mean:.3f}",
        "deviation": cell.deviation,
        "interval": interval,
        "mark": MARKS[cell.mark],
        "mark_name": MARK_NAMES[cell.mark],
        "warmth": cell.warmth,
        "anchor": anchor(row),
    }


def matrix_context(leaderboard: Leaderboard, metric: str) -> dict[str, Any]:
    """Return methods by datasets for one metric, with average ranks and their diagram."""
    rows = {row.key: row for row in leaderboard.rows if metric in row.means}
    names = list(dict.fromkeys(dataset for dataset, _ in rows))
    labels = dict.fromkeys(label for _, label in rows)
    ranking = leaderboard.rankings[metric]
    ordered = [*ranking.average, *(label for label in labels if label not in ranking.average)]
    cells = {key: cell_context(row, leaderboard.cells[key][metric]) for key, row in rows.items()}
    return {
        "metric": metric,
        "title": TITLES[metric],
        "datasets": names,
        "ranked": bool(ranking.average),
        "marks_note": MARKS_NOTE,
        "rows": [
            {
                "method": label,
                "anchor": method_anchor(label),
                "rank": ranking.average.get(label),
                "cells": [cells.get((name, label)) for name in names],
            }
            for label in ordered
        ],
        "ranking": ranking,
        "diagram": ranks.diagram(ranking.difference) if ranking.difference else None,
    }


def published_context(leaderboard: Leaderboard) -> dict[str, Any]:
    """Return all published figures of the rows' methods beside ours, and their sources."""
    found = [
        (row, each) for row in leaderboard.rows for each in leaderboard.published.get(row.key, ())
    ]
    sources = list(dict.fromkeys(each.figure.source for _, each in found))
    return {
        "rows": [
            _published_row(row, leaderboard.cells[row.key], each, sources) for row, each in found
        ],
        "sources": sources,
    }


def _published_row(
    row: Row, cells: Mapping[str, Cell], compared: PublishedComparison, sources: list[str]
) -> dict[str, Any]:
    figure, is_time = compared.figure, compared.figure.metric == TIME
    return {
        "dataset": row.dataset,
        "method": row.label,
        "metric": "fit s" if is_time else TITLES[figure.metric],
        "ours": compared.ours,
        "ours_text": _ours_text(compared, cells),
        "published": figure.value,
        "published_text": f"{figure.value:.0f}" if is_time else f"{figure.value:.3f}",
        "difference": compared.difference,
        "dagger": DAGGER if compared.caveats else "",
        "caveats": "; ".join(compared.caveats),
        "source": sources.index(figure.source) + 1,
    }


def _ours_text(compared: PublishedComparison, cells: Mapping[str, Cell]) -> str:
    """Return our value, with its deviation where it is the leaderboard's own."""
    metric = compared.figure.metric
    if metric == TIME:
        return f"{compared.ours:.0f}"
    cell = cells[metric]
    return cell.text if cell.mean == compared.ours else f"{compared.ours:.3f}"


def _mebibytes(size: int | None) -> float | None:
    return size / 2**20 if size else None
