"""The terminal: text is printed as it is, and no table is cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.measure import Measurement
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

if TYPE_CHECKING:
    from rich.table import Table


def make_console(*, stderr: bool = False) -> Console:
    """Where names and errors are text: rich takes ``[b]`` for a style and fails at ``[/b]``."""
    return Console(stderr=stderr, markup=False, emoji=False, highlight=False)


def make_bars(console: Console) -> Progress:
    """Bars of tasks with a description and the field ``note``."""
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}", markup=False),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
    )


def print_whole(console: Console, table: Table) -> None:
    """Print a table; in a log, and on a narrow terminal too, a value is never cut."""
    wide = console.options.update(max_width=10_000)
    width = console.width
    console.width = max(width, Measurement.get(console, wide, table).maximum)
    console.print(table)
    console.width = width
