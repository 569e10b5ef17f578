"""The state of every run of a study's folder, with the contents of those that are finished."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mia_bench.errors import StudyError
from mia_bench.run_folder.folder import RunFolder, State, find_runs
from mia_bench.run_folder.resamples_npz import RunResamples, read_resamples

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from mia_bench.run_folder.records import RunRecord
    from mia_bench.run_folder.scores_csv import ImageScores


@dataclass(frozen=True)
class FinishedRun:
    """A finished run, as read from its folder.

    Attributes:
        folder: Its folder.
        record: Contents of run.json.
        scores: Contents of scores.csv.
        resamples: Contents of resamples.npz; None where there is none.
    """

    folder: RunFolder
    record: RunRecord
    scores: ImageScores
    resamples: RunResamples | None


@dataclass(frozen=True)
class RunStatus:
    """The state of a run.

    Attributes:
        name: ``dataset/label/seed-n``.
        state: Finished, failed, ...
        note: The error of a failed run, the damage of an unreadable one, the epoch of one that has
            begun.
        run: The run, if it is finished and readable.
    """

    name: str
    state: State
    note: str = ""
    run: FinishedRun | None = field(default=None, compare=False, repr=False)

    @property
    def is_unreadable(self) -> bool:
        """True where a file of the run is damaged."""
        return self.state is State.UNREADABLE


@dataclass(frozen=True)
class RunsSummary:
    """The states of all runs of a study's folder.

    Attributes:
        states: Name of each run -> its state.
        counts: The number of runs in each state, as ``40 finished, 3 failed, 2 running``.
        left_out: Runs that are not finished or not readable, failed ones first.
    """

    states: Mapping[str, State]
    counts: str
    left_out: Sequence[RunStatus]


def read_run(folder: RunFolder) -> FinishedRun:
    """Read what a finished run has left for tables and tests.

    Raises:
        StudyError: A file of it is damaged.
    """
    record = folder.read_record()
    resamples = None
    if folder.resamples.exists():
        resamples = read_resamples(folder.resamples, record.metrics)
    return FinishedRun(folder, record, folder.read_scores(), resamples)


def read_runs(out: Path) -> list[RunStatus]:
    """Read every run that has begun in a study's folder; each file is read once.

    Raises:
        StudyError: There is no run.
    """
    return [_read_status(folder, out) for folder in find_runs(out)]


def summarize(runs: Sequence[RunStatus]) -> RunsSummary:
    """Count the runs in each state and sort out those that are not in the results."""
    counts = Counter(each.state for each in runs)
    known = [state for state in reversed(State) if counts[state]]
    order = [State.FAILED, State.UNREADABLE, State.RUNNING, State.PENDING]
    left = [each for each in runs if each.state is not State.FINISHED]
    return RunsSummary(
        states={each.name: each.state for each in runs},
        counts=", ".join(f"{counts[state]} {state.value}" for state in known),
        left_out=sorted(left, key=lambda each: order.index(each.state)),
    )


def _read_status(folder: RunFolder, out: Path) -> RunStatus:
    name = folder.path.relative_to(out).as_posix()
    state = folder.state()
    try:
        if state is State.FINISHED:
            return RunStatus(name, state, run=read_run(folder))
        if state is State.FAILED:
            return RunStatus(name, state, folder.read_failure().error)
    except StudyError as error:
        return RunStatus(name, State.UNREADABLE, str(error))
    reached = folder.read_progress()
    note = "" if reached is None else f"epoch {reached.epoch} of {reached.epochs}"
    return RunStatus(name, state, note)
