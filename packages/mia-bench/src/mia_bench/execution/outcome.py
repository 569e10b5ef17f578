"""The outcome of a run, in a few words and on disk."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from mia_bench.run_folder.folder import RunFolder, State
from mia_bench.run_folder.records import Failure

if TYPE_CHECKING:
    from mia_bench.study.plan import Run


class RunOutcome(NamedTuple):
    """The state of a run that has ended, and a few words on it, for which a disk may be full."""

    state: State
    note: str


def describe_outcome(folder: RunFolder, state: State) -> str:
    """Return a few words on how a run ended."""
    if state is State.FINISHED:
        record = folder.read_record()
        return f"AUROC {record.metrics['auroc']:.3f}  {record.seconds.total:.0f} s"
    if state is State.FAILED:
        return folder.read_failure().error if folder.failure.exists() else "see log.txt"
    return "another process is doing it"


def record_failure(run: Run, folder: RunFolder, error: str) -> State:
    """Record a failure that the run itself could not."""
    with suppress(OSError):  # as on a full disk
        folder.write_failure(Failure(error, run.settings()))
    return State.FAILED
