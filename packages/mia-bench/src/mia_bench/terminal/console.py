"""Consoles that print text as it is and never cut a table."""

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
    """Return a console that prints all text literally.

    By default rich takes ``[b]`` in a name for a style and fails at ``[/b]``.
    """
    return Console(stderr=stderr, markup=False, emoji=False, highlight=False)


def make_bars(console: Console) -> Progress:
    """Return progress bars of tasks with a description and the field ``note``."""
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
    """Print a table without cutting a value, in a log or on a narrow terminal too."""
    wide = console.options.update(max_width=10_000)
    width = console.width
    console.width = max(width, Measurement.get(console, wide, table).maximum)
    console.print(table)
    console.width = width
