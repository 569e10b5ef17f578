"""Progress of one long step: a bar on a terminal, now and then a line in a log."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

    Tell = Callable[[int, int, str], None]

LOG_SECONDS = 15  # between two lines


@contextmanager
def progress(console: Console, what: str) -> Iterator[Tell]:
    """A function that is told how much is done, of how much, and a few words on it."""
    if not console.is_terminal:
        yield _log(console, what)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as bars:
        bar = bars.add_task(what, total=None, note="")

        def tell(done: int, total: int, note: str = "") -> None:
            bars.update(bar, completed=done, total=total, note=note)

        yield tell


def _log(console: Console, what: str) -> Tell:
    said = time.monotonic()

    def tell(done: int, total: int, note: str = "") -> None:
        nonlocal said
        now = time.monotonic()
        if now - said >= LOG_SECONDS:
            said = now
            line = f"{what} {done}/{total}  {note}".rstrip()
            console.print(line, highlight=False, markup=False, soft_wrap=True)

    return tell
