"""Runs that another process is doing: they are waited for."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mia_bench.execution.outcome import RunOutcome, describe_outcome
from mia_bench.run_folder.folder import RunFolder, State

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mia_bench.study.plan import Run
    from mia_bench.terminal.progress import ProgressDisplay

POLL_SECONDS = 0.5


def wait_for_one(
    runs: Sequence[Run], out: Path, display: ProgressDisplay
) -> tuple[dict[str, RunOutcome], list[Run]]:
    """Wait until another process has ended with at least one of these runs.

    Args:
        runs: Runs that another process is doing.
        out: The study's folder.
        display: Shows how far they have come.

    Returns:
        Outcomes of the runs that it finished or failed, by name, and the runs that it left undone,
        as it does when it is killed.
    """
    folders = {run.name: RunFolder(out / run.name) for run in runs}
    while True:
        states = {name: folder.state() for name, folder in folders.items()}
        if any(state is not State.RUNNING for state in states.values()):
            break
        for name, folder in folders.items():
            if reached := folder.read_progress():
                display.show_progress(name, reached)
        time.sleep(POLL_SECONDS)
    outcomes = {
        name: RunOutcome(state, describe_outcome(folders[name], state))
        for name, state in states.items()
        if state in (State.FINISHED, State.FAILED)
    }
    for name, outcome in outcomes.items():
        display.show_end(name, *outcome)
    left = [run for run in runs if states[run.name] is not State.RUNNING]
    return outcomes, [run for run in left if run.name not in outcomes]
