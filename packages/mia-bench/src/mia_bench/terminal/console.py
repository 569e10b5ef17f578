"""Consoles that print text as it is and never cut a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
from rich.text import Text

from mia_bench.literal_text import visible

if TYPE_CHECKING:
    from rich.progress import Task
    from rich.table import Table


class LiteralConsole(Console):
    """Console that prints texts, also those in tables, with escape sequences made visible."""

    def render_str(self, text: str, **style: Any) -> Text:
        """Return the text as rich prints it."""
        return super().render_str(visible(text), **style)


class _LiteralColumn(TextColumn):
    """Column of progress bars with a text of the task, escape sequences made visible."""

    def render(self, task: Task) -> Text:
        return Text(visible(self.text_format.format(task=task)))


def make_console(*, stderr: bool = False) -> Console:
    """Return a console that prints all text literally.

    By default rich takes ``[b]`` in a name for a style and fails at ``[/b]``.
    """
    return LiteralConsole(stderr=stderr, markup=False, emoji=False, highlight=False)


def make_bars(console: Console) -> Progress:
    """Return progress bars of tasks with a description and the field ``note``."""
    return Progress(
        _LiteralColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _LiteralColumn("{task.fields[note]}"),
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
