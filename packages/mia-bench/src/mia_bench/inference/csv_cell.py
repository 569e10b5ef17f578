"""Names of files in the cells of tables."""

from __future__ import annotations

from mia_bench.literal_text import csv_cell


def path_cell(name: str) -> str:
    """Return a file's path in a form that is a path still, and that no spreadsheet runs."""
    return name if csv_cell(name) == name else f"./{name}"
