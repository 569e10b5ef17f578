"""The leaderboard in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.measure import Measurement
from rich.table import Table

from mia_bench.leaderboard import METRICS, ORACLE_NOTE, TITLES, Row, format_value

if TYPE_CHECKING:
    from rich.console import Console


def print_leaderboard(console: Console, rows: list[Row]) -> None:
    """Print a table; columns that no row has a value for are left out."""
    shown = [metric for metric in METRICS if any(row.mean(metric) is not None for row in rows)]
    table = Table(title="Leaderboard", title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("dataset")
    table.add_column("method")
    table.add_column("seeds", justify="right")
    for metric in shown:
        table.add_column(TITLES[metric], justify="right")
    table.add_column("fit s", justify="right")
    table.add_column("score s", justify="right")
    for before, row in zip([None, *rows], rows, strict=False):
        if before is not None and before.dataset != row.dataset:
            table.add_section()
        values = [format_value(row.mean(metric), row.deviation(metric)) for metric in shown]
        times = [f"{row.seconds(stage):.1f}" for stage in ("fit", "predict")]
        table.add_row(row.dataset, row.label, str(len(row.results)), *values, *times)
    # In a log, and on a narrow terminal too, a value is never cut.
    wide = console.options.update(max_width=10_000)
    console.width = max(console.width, Measurement.get(console, wide, table).maximum)
    console.print(table)
    if "best_dice" in shown:
        console.print(ORACLE_NOTE, highlight=False)
