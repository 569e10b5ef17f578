"""Progress of all runs: live on a terminal, plain lines in a log file."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

from mia_bench.terminal.console import make_bars

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import TaskID

    from mia_bench.run_folder.folder import State

LOG_SECONDS = 15  # between two lines of a run in a log


class Display(Protocol):
    """What is told while a study runs."""

    def __enter__(self) -> Display:
        """Start to show."""
        ...

    def __exit__(self, *error: object) -> None:
        """Stop showing."""
        ...

    def progress(self, run: str, epoch: int, epochs: int, loss: float | None) -> None:
        """A run has reached this epoch; called again and again while it goes on."""
        ...

    def ended(self, run: str, state: State, note: str) -> None:
        """A run has ended, with a few words on how."""
        ...


def make_display(console: Console, total: int, done: int, failed: int) -> Display:
    """The display that fits the console: live where it is a terminal.

    Args:
        console: Where to show.
        total: All runs.
        done: Those that are done already.
        failed: Those that failed before and are left as they are.
    """
    if failed:
        console.print(
            f"failed before and not tried again: {failed} (--retry-failed does)", soft_wrap=True
        )
    kind = LiveDisplay if console.is_terminal else LogDisplay
    return kind(console, total - failed, done)


class LiveDisplay:
    """A bar for the study and one for each run in flight."""

    def __init__(self, console: Console, total: int, done: int) -> None:
        self._bars = make_bars(console)
        self._all = self._bars.add_task("runs", total=total, completed=done, note="")
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> LiveDisplay:
        self._bars.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._bars.stop()

    def progress(self, run: str, epoch: int, epochs: int, loss: float | None) -> None:
        """Move the run's bar."""
        if run not in self._tasks:
            self._tasks[run] = self._bars.add_task(run, total=epochs, note="")
        note = "" if loss is None else f"loss {loss:.4g}"
        self._bars.update(self._tasks[run], completed=epoch, total=epochs, note=note)

    def ended(self, run: str, state: State, note: str) -> None:
        """Take the run's bar away and leave a line above the bars."""
        if run in self._tasks:
            self._bars.remove_task(self._tasks.pop(run))
        self._bars.advance(self._all)
        self._bars.console.print(f"{state.value:>8}  {run}  {note}")


class LogDisplay:
    """One line when a run moves, at most every few seconds, and one when it ends."""

    def __init__(self, console: Console, total: int, done: int) -> None:
        self._console = console
        self._total = total
        self._done = done
        self._said: dict[str, tuple[float, int]] = {}

    def __enter__(self) -> LogDisplay:
        self._line(f"runs: {self._total}, done already: {self._done}")
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def progress(self, run: str, epoch: int, epochs: int, loss: float | None) -> None:
        """Say where the run is, unless it was said a moment ago."""
        now = time.monotonic()
        when, said = self._said.get(run, (-LOG_SECONDS, -1))
        if epoch != said and now - when >= LOG_SECONDS:
            self._said[run] = (now, epoch)
            note = "" if loss is None else f"  loss {loss:.4g}"
            self._line(f" running  {run}  epoch {epoch}/{epochs}{note}")

    def ended(self, run: str, state: State, note: str) -> None:
        """Say how the run ended and how many have."""
        self._done += 1
        self._line(f"{state.value:>8}  {run}  {note}  [{self._done}/{self._total}]")

    def _line(self, text: str) -> None:
        self._console.print(text, soft_wrap=True)
