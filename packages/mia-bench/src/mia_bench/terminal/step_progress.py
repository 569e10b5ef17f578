"""Progress of one long step: a bar on a terminal, a line every few seconds in a log."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mia_bench.terminal.console import make_bars

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

    ProgressCallback = Callable[[int, int, str], None]

LOG_SECONDS = 15  # between two lines


@contextmanager
def progress(console: Console, what: str) -> Iterator[ProgressCallback]:
    """Yield a function that shows progress: (done, total, a few words on it)."""
    if not console.is_terminal:
        yield _log(console, what)
        return
    with make_bars(console) as bars:
        bar = bars.add_task(what, total=None, note="")

        def show(done: int, total: int, note: str = "") -> None:
            bars.update(bar, completed=done, total=total, note=note)

        yield show


def _log(console: Console, what: str) -> ProgressCallback:
    last_shown = time.monotonic()

    def show(done: int, total: int, note: str = "") -> None:
        nonlocal last_shown
        now = time.monotonic()
        if now - last_shown >= LOG_SECONDS:
            last_shown = now
            console.print(f"{what} {done}/{total}  {note}".rstrip(), soft_wrap=True)

    return show
