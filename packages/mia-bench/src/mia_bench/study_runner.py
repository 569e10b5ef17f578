"""A study from its plan to its report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import mia_data
import numpy as np

from mia_bench.errors import RunsFailedError, StudyError
from mia_bench.execution.open_executor import open_executor
from mia_bench.execution.runs_elsewhere import wait_for_one
from mia_bench.files import check_writable
from mia_bench.report.write import write_report
from mia_bench.run_folder.folder import RunFolder, State
from mia_bench.study.executor_options import ExecutorOptions
from mia_bench.study.images import hash_images, is_there, load_split
from mia_bench.study.plan import Run, plan
from mia_bench.tracking import check_trackers, make_trackers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mia_bench.report.write import StudyReport
    from mia_bench.study.study import Study
    from mia_bench.terminal.progress import ProgressDisplay


@dataclass(frozen=True)
class StudyOutcome:
    """The outcome of a study.

    Attributes:
        states: State of each of its runs by name.
        report: The leaderboard and its files, None where no run has finished.
        notes: A few words on each run that ended now.
    """

    states: dict[str, State]
    report: StudyReport | None
    notes: dict[str, str]

    @property
    def failed(self) -> list[str]:
        """Names of the runs that failed."""
        return [name for name, state in self.states.items() if state is State.FAILED]


def run_study(
    study: Study,
    out: Path,
    *,
    device: str = "auto",
    retry_failed: bool = False,
    make_display: Callable[[int, int, int], ProgressDisplay],
) -> StudyOutcome:
    """Do the runs of a study that are not done yet and write its report.

    A run that another process is doing is waited for.

    Args:
        study: The study.
        out: Its folder; finished runs in it are kept.
        device: ``"auto"``, ``"cpu"``, ``"cuda"``, ``"cuda:1"`` or ``"mps"``.
        retry_failed: Try runs again that failed before.
        make_display: (number of runs, of those that are done, of those that failed before and are
            not tried again) -> display of their progress.

    Raises:
        StudyError: The study or the folder cannot be used; no run has started.
        DataError: A dataset is missing or damaged; no run has started.
        RunsFailedError: The results cannot be written, as on a full disk.
    """
    runs = plan(study)
    check_folder(runs, out)
    states = {run.name: _state(run, out) for run in runs}
    settled = {State.FINISHED} if retry_failed else {State.FINISHED, State.FAILED}
    waiting = [run for run in runs if states[run.name] not in settled]
    done = sum(state is State.FINISHED for state in states.values())
    for name in [name for name, state in states.items() if state is State.FINISHED]:
        RunFolder(out / name).finish_again()
    check_trackers(study.tracking)
    # No cluster is started to do nothing.
    options = study.executor if waiting else ExecutorOptions()
    with open_executor(options, device) as executor:
        executor.prepare(waiting)
        check_writable(out)
        trackers = make_trackers(study.tracking, study=study.name, out=out, executor=options.name)
        with make_display(len(runs), done, len(runs) - len(waiting) - done) as display:
            outcomes = executor.run(waiting, out, trackers=trackers, display=display)
            while elsewhere := [r for r in waiting if outcomes[r.name].state is State.RUNNING]:
                ended, left = wait_for_one(elsewhere, out, display)
                outcomes |= ended
                outcomes |= executor.run(left, out, trackers=trackers, display=display)
    states |= {name: outcome.state for name, outcome in outcomes.items()}
    notes = {name: outcome.note for name, outcome in outcomes.items()}
    finished = State.FINISHED in states.values()
    try:
        return StudyOutcome(states, write_report(out) if finished else None, notes)
    except OSError as error:
        raise _unwritten(error, StudyOutcome(states, None, notes)) from error


def check_folder(runs: list[Run], out: Path) -> None:
    """Refuse a folder whose runs have the same names but other settings or images.

    Raises:
        StudyError: There is such a run.
        DataError: A dataset that is damaged.
    """
    finished = [(run, RunFolder(out / run.name)) for run in runs]
    finished = [(run, folder) for run, folder in finished if folder.result.exists()]
    for run, folder in finished:
        if changed := run.settings().describe_changes(folder.read_record().settings):
            raise _refused(folder, f"was run with other settings ({changed})")
    # One run of each dataset: the images of the others were compared when these began.
    for run, folder in {run.dataset: (run, folder) for run, folder in reversed(finished)}.values():
        _check_images(run, folder)


def _check_images(run: Run, folder: RunFolder) -> None:
    """Refuse a finished run whose images are not those that its dataset holds now."""
    own = run.source.own
    if own is None and mia_data.info(run.dataset).folder is None:  # drawn, or a plug-in's own
        return
    if own is not None and not is_there(run.source):
        return  # nothing to compare with; where a run is left it says so
    try:
        test, train = (load_split(run, split) for split in ("test", "train"))
    except mia_data.MissingDataError:
        return  # as above
    where = mia_data.data_root(run.source.root) if own is None else own
    ids, labels, _ = folder.read_scores()
    if list(test.ids) != ids or not np.array_equal(test.labels, labels):
        raise _refused(folder, f"scored other test images than {run.dataset} has in {where}")
    data = folder.read_record().data
    if data is None:  # of an older version
        return
    for split, images, known in (
        ("test", test, data.test_sha256),
        ("training", train, data.train_sha256),
    ):
        if hash_images(images) != known:
            raise _refused(folder, f"had other {split} images than {run.dataset} has in {where}")


def _refused(folder: RunFolder, why: str) -> StudyError:
    return StudyError(f"{folder.path} {why}: choose another --out, or remove that folder")


def _state(run: Run, out: Path) -> State:
    """Return a run's state; one that failed with other settings has not been tried with these."""
    folder = RunFolder(out / run.name)
    state = folder.state()
    if state is State.FAILED and folder.read_failure().settings != run.settings():
        return State.PENDING
    return state


def _unwritten(error: OSError, outcome: StudyOutcome) -> RunsFailedError:
    """Return the error for results that cannot be written; it names the runs that failed too."""
    failed = outcome.failed
    also = f"; {len(failed)} of {len(outcome.states)} runs failed: {', '.join(failed)}"
    return RunsFailedError(f"cannot write the results: {error}{also if failed else ''}")
