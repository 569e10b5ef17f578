"""Measured and published results of methods and datasets, read where they are recorded."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

from places import DOCS, source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_TITLES = {
    "auroc": "AUROC",
    "ap": "AP",
    "pixel_auroc": "pixel AUROC",
    "pixel_ap": "pixel AP",
    "best_dice": "best Dice",
    "fit_seconds": "seconds to fit",
}
_COLUMNS = {"set": "dataset", "fit s": "seconds to fit", "score s": "seconds to score"}
_PUBLISHED = source("mia-bench") / "leaderboard" / "published.csv"


def measured_rows() -> list[dict[str, str]]:
    """Return the rows of docs/detection.md's table of methods on sets, by column."""
    return [row for row in _tables(DOCS / "detection.md") if {"set", "method", "seed"} <= set(row)]


def parity_rows() -> list[dict[str, str]]:
    """Return the rows of docs/parity.md that stand beside the original code's AUROC."""
    return [row for row in _tables(DOCS / "parity.md") if "original AUROC" in row]


def published_rows() -> list[dict[str, str]]:
    """Return the rows of published.csv."""
    with _PUBLISHED.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def published_table(rows: list[dict[str, str]], first: str) -> tuple[list[str], list[list[str]]]:
    """Return published figures as a table: its header, and a row for each setting and source.

    Args:
        rows: Rows of published.csv.
        first: The first column, ``"dataset"`` or ``"method"``.
    """
    groups: dict[tuple[str, ...], dict[str, str]] = {}
    for row in rows:
        settings = "; ".join(filter(None, (row["options"], row["select"])))
        groups.setdefault((row[first], settings, row["source"]), {})[row["metric"]] = row["value"]
    # A metric that is not named here is an error in the first table that has it.
    metrics = sorted({row["metric"] for row in rows}, key=[*_TITLES].index)
    header = [first, *(_TITLES[metric] for metric in metrics), "settings", "source"]
    body = [
        [group[0], *(figures.get(metric, "") for metric in metrics), group[1], group[2]]
        for group, figures in groups.items()
    ]
    return header, body


def titles(columns: list[str]) -> list[str]:
    """Return the columns of the tables that are read, as the made pages name them."""
    return [_COLUMNS.get(column, _TITLES.get(column, column)) for column in columns]


def _tables(path: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of all tables of a page by their columns' names."""
    header: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("|"):
            header = []
            continue
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
        if not header:
            header = cells
        elif not set(line) <= set("|-: "):
            yield dict(zip(header, cells, strict=True))
