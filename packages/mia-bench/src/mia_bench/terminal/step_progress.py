"""Progress of one long step: a bar on a terminal, now and then a line in a log."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mia_bench.terminal.console import make_bars

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
    with make_bars(console) as bars:
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
            console.print(f"{what} {done}/{total}  {note}".rstrip(), soft_wrap=True)

    return tell
