"""How a run ended, in a few words and on disk."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from mia_bench.files import write_json
from mia_bench.run_folder.folder import RunFolder, State

if TYPE_CHECKING:
    from mia_bench.study.plan import Run


class Ended(NamedTuple):
    """How a run ended, and a few words on it, which a full disk may not hold."""

    state: State
    note: str


def note(folder: RunFolder, state: State) -> str:
    """A few words on how a run ended."""
    if state is State.FINISHED:
        result = folder.read_result()
        seconds = sum(result["seconds"].values())
        return f"AUROC {result['metrics']['auroc']:.3f}  {seconds:.0f} s"
    if state is State.FAILED:
        return str(folder.read_failure()["error"]) if folder.failure.exists() else "see log.txt"
    return "another process is doing it"


def fail(run: Run, folder: RunFolder, error: str) -> State:
    """Record a failure that the run itself could not."""
    with suppress(OSError):  # as on a full disk
        write_json(folder.failure, {"settings": run.settings(), "error": error})
    return State.FAILED
