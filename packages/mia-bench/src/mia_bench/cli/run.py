"""mia-bench run: train and score the methods of a study."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

import click

from mia_bench.cli.echo import echo
from mia_bench.cli.executor_options import executor_options
from mia_bench.cli.options import DEVICE, JSON, OUT
from mia_bench.cli.study_options import study_options
from mia_bench.errors import RunsFailedError
from mia_bench.execution.outcome import describe_outcome
from mia_bench.run_folder.folder import RunFolder, State
from mia_bench.study_runner import StudyOutcome, run_study
from mia_bench.terminal.console import make_console
from mia_bench.terminal.leaderboard import print_leaderboard
from mia_bench.terminal.progress import make_display

if TYPE_CHECKING:
    from pathlib import Path

    from mia_bench.study.study import Study


@click.command()
@study_options
@OUT
@DEVICE
@executor_options
@click.option("--retry-failed", is_flag=True, help="Try failed runs again.")
@JSON
def run(
    study: Study,
    out: Path,
    device: str,
    retry_failed: bool,
    as_json: bool,
) -> None:
    """Train and score every method on every dataset with every seed.

    STUDY is a TOML file (default: a short study of a few methods on the built-in dataset
    phantom). Runs that are finished in the output folder are not repeated, so a study that was
    stopped goes on where it was; runs that another process is doing are waited for. The exit code
    is 0 only when all runs are finished.
    """
    outcome = run_study(
        study,
        out,
        device=device,
        retry_failed=retry_failed,
        make_display=partial(make_display, make_console(stderr=True)),
    )
    _print_outcome(outcome, as_json=as_json)
    if outcome.failed:
        names = ", ".join(outcome.failed)
        name = outcome.failed[0]
        first = outcome.notes.get(name) or describe_outcome(RunFolder(out / name), State.FAILED)
        msg = (
            f"{len(outcome.failed)} of {len(outcome.states)} runs failed: {names}; "
            f"the first with: {first}; see log.txt in their folders, and --retry-failed"
        )
        raise RunsFailedError(msg)
    if outcome.report:
        outcome.report.check_readable()


def _print_outcome(outcome: StudyOutcome, *, as_json: bool) -> None:
    found = outcome.report
    if as_json:
        answer = {
            "runs": {name: state.value for name, state in outcome.states.items()},
            "leaderboard": found.records if found else [],
            "page": found and str(found.page),
            "table": found and str(found.table),
        }
        echo(json.dumps(answer, indent=1))
        return
    if found:
        print_leaderboard(make_console(), found.leaderboard)
        echo(f"Page: {found.page}\nTable: {found.table}")
