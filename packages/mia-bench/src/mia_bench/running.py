"""A study from its plan to its results, whatever asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mia_bench.errors import RunsFailedError, StudyError
from mia_bench.executors.choosing import open_executor
from mia_bench.executors.options import ExecutorOptions
from mia_bench.files import check_writable
from mia_bench.plan import Run, plan, roots_of
from mia_bench.results import write_results
from mia_bench.runfolder import RunFolder, State
from mia_bench.tracking import check_trackers, make_trackers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mia_bench.display import Display
    from mia_bench.results import Results
    from mia_bench.study import Study


@dataclass(frozen=True)
class Outcome:
    """What a study came to.

    Attributes:
        states: State of each of its runs by name.
        results: The leaderboard and its files, None where no run has finished.
    """

    states: dict[str, State]
    results: Results | None

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
    make_display: Callable[[int, int], Display],
) -> Outcome:
    """Do what is not done yet of a study and write its results.

    Args:
        study: What to run, where, and what is told of it meanwhile.
        out: Its folder; finished runs in it are kept.
        device: ``"auto"``, ``"cpu"``, ``"cuda"``, ``"cuda:1"`` or ``"mps"``.
        retry_failed: Try runs again that failed before; else they stay failed.
        make_display: (number of runs, number of them that are done) -> where progress is shown.

    Raises:
        StudyError: Something in the study or the folder that cannot be used, before any run starts.
        DataError: A dataset that is missing or damaged, before any run starts.
        RunsFailedError: The results cannot be written, as on a full disk.
    """
    runs = plan(study)
    check_folder(runs, out)
    roots = roots_of(study)
    states = {run.name: RunFolder(out / run.name).state() for run in runs}
    settled = {State.FINISHED} if retry_failed else {State.FINISHED, State.FAILED}
    waiting = [run for run in runs if states[run.name] not in settled]
    for name in [name for name, state in states.items() if state is State.FINISHED]:
        RunFolder(out / name).sweep()
    check_trackers(study.tracking)
    # No cluster is started to do nothing.
    options = study.executor if waiting else ExecutorOptions()
    with open_executor(options, device) as executor:
        executor.prepare(waiting, roots)
        check_writable(out)
        trackers = make_trackers(study.tracking, study=study.name, out=out, executor=options.name)
        with make_display(len(runs), len(runs) - len(waiting)) as display:
            states |= executor.run(waiting, out, roots=roots, trackers=trackers, display=display)
    finished = State.FINISHED in states.values()
    try:
        return Outcome(states, write_results(out) if finished else None)
    except OSError as error:
        raise _unwritten(error, Outcome(states, None)) from error


def check_folder(runs: list[Run], out: Path) -> None:
    """Refuse a folder whose runs have the same names and other settings.

    Raises:
        StudyError: There is such a run.
    """
    for run in runs:
        folder = RunFolder(out / run.name)
        if not folder.result.exists():
            continue
        before, now = folder.read_result()["settings"], run.settings()
        changed = [key for key in now if before.get(key) != now[key]]
        if changed:
            what = ", ".join(f"{key} {before.get(key)!r} -> {now[key]!r}" for key in changed)
            msg = (
                f"{folder.path} was run with other settings ({what}): "
                "choose another --out, or remove that folder"
            )
            raise StudyError(msg)


def _unwritten(error: OSError, outcome: Outcome) -> RunsFailedError:
    """Results that cannot be written, as on a full disk, do not hide which runs failed."""
    failed = outcome.failed
    also = f"; {len(failed)} of {len(outcome.states)} runs failed: {', '.join(failed)}"
    return RunsFailedError(f"cannot write the results: {error}{also if failed else ''}")
