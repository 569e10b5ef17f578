"""Progress of all runs: live on a terminal, plain lines in a log file."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

from mia_bench.run_folder.folder import State
from mia_bench.terminal.console import make_bars

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import TaskID

    from mia_bench.run_folder.records import Progress

LOG_SECONDS = 15  # between two lines of a run in a log


class ProgressDisplay(Protocol):
    """Shows the progress of a study's runs while they are done."""

    def __enter__(self) -> ProgressDisplay:
        """Start showing."""
        ...

    def __exit__(self, *error: object) -> None:
        """Stop showing."""
        ...

    def show_progress(self, run: str, progress: Progress) -> None:
        """Show the epoch that a run has reached; called again and again while it goes on."""
        ...

    def show_end(self, run: str, state: State, note: str) -> None:
        """Show that a run has ended, with a few words on how."""
        ...


def make_display(console: Console, total: int, done: int, failed: int) -> ProgressDisplay:
    """Return the display that fits the console: live where it is a terminal.

    Args:
        console: The console.
        total: Number of all runs.
        done: Number of runs that are done already.
        failed: Number of runs that failed before and are not tried again.
    """
    if failed:
        console.print(
            f"failed before and not tried again: {failed} (--retry-failed does)", soft_wrap=True
        )
    kind = LiveDisplay if console.is_terminal else LogDisplay
    return kind(console, total - failed, done)


class LiveDisplay:
    """A bar for the study and one for each run that is going on."""

    def __init__(self, console: Console, total: int, done: int) -> None:
        self._bars = make_bars(console)
        self._all = self._bars.add_task("runs", total=total, completed=done, note="")
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> LiveDisplay:
        self._bars.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._bars.stop()

    def show_progress(self, run: str, progress: Progress) -> None:
        """Move the run's bar."""
        total = progress.epochs
        if run not in self._tasks:
            self._tasks[run] = self._bars.add_task(run, total=total, note="")
        note = "" if progress.loss is None else f"loss {progress.loss:.4g}"
        self._bars.update(self._tasks[run], completed=progress.epoch, total=total, note=note)

    def show_end(self, run: str, state: State, note: str) -> None:
        """Replace the run's bar by a line above the bars."""
        if run in self._tasks:
            self._bars.remove_task(self._tasks.pop(run))
        if state is not State.RUNNING:  # by another process, which is waited for
            self._bars.advance(self._all)
        self._bars.console.print(f"{state.value:>8}  {run}  {note}")


class LogDisplay:
    """One line for a run's progress, at most every few seconds, and one for its end."""

    def __init__(self, console: Console, total: int, done: int) -> None:
        self._console = console
        self._total = total
        self._done = done
        self._printed: dict[str, tuple[float, int]] = {}

    def __enter__(self) -> LogDisplay:
        self._print(f"runs: {self._total}, done already: {self._done}")
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def show_progress(self, run: str, progress: Progress) -> None:
        """Print the run's epoch, unless a line was printed a moment ago."""
        now = time.monotonic()
        when, epoch = self._printed.get(run, (-LOG_SECONDS, -1))
        if progress.epoch != epoch and now - when >= LOG_SECONDS:
            self._printed[run] = (now, progress.epoch)
            note = "" if progress.loss is None else f"  loss {progress.loss:.4g}"
            self._print(f" running  {run}  epoch {progress.epoch}/{progress.epochs}{note}")

    def show_end(self, run: str, state: State, note: str) -> None:
        """Print how the run ended and how many have."""
        if state is State.RUNNING:  # by another process, which is waited for
            self._print(f"{state.value:>8}  {run}  {note}")
            return
        self._done += 1
        self._print(f"{state.value:>8}  {run}  {note}  [{self._done}/{self._total}]")

    def _print(self, text: str) -> None:
        self._console.print(text, soft_wrap=True)
