"""mia-bench run: do a study."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import click
from rich.console import Console

from mia_bench.cli.options import FOLDER, JSON, Commas
from mia_bench.display import make_display
from mia_bench.errors import RunsFailedError, StudyError
from mia_bench.leaderboard import as_records
from mia_bench.running import Outcome, run_study
from mia_bench.study import DEFAULT, read_study
from mia_bench.table import print_leaderboard


@click.command()
@click.argument("study", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--datasets", type=Commas(), help="Datasets, in place of the study's.")
@click.option("--methods", type=Commas(), help="Methods, in place of the study's.")
@click.option("--seeds", type=Commas(int), help="Seeds, in place of the study's.")
@click.option("--root", type=FOLDER, help="Folder that holds the datasets' folders.")
@click.option("--epochs", type=click.IntRange(min=0), help="Epochs for every method.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:1, mps.")
@click.option(
    "--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Runs at once."
)
@click.option("--retry-failed", is_flag=True, help="Try runs again that failed before.")
@click.option("--executor", type=click.Choice(["local"]), default="local", show_default=True)
@click.option("--out", type=FOLDER, default="mia-results", show_default=True, help="Results.")
@JSON
def run(
    study: Path | None,
    datasets: list[str] | None,
    methods: list[str] | None,
    seeds: list[int] | None,
    root: Path | None,
    epochs: int | None,
    device: str,
    jobs: int,
    retry_failed: bool,
    executor: str,
    out: Path,
    as_json: bool,
) -> None:
    """Train and score every method on every dataset with every seed.

    STUDY is a TOML file; without one, a few methods run on the embedded phantom. Runs that are
    finished in the output folder are not done again, so a study that was stopped goes on.
    """
    if any(seed < 0 for seed in seeds or []):
        msg = f"expected seeds from 0, got {seeds}"
        raise StudyError(msg)
    chosen = read_study(study or DEFAULT).select(
        datasets=datasets,
        methods=methods,
        seeds=seeds,
        root=None if root is None else str(root),
        epochs=epochs,
    )
    progress = Console(stderr=True)
    outcome = run_study(
        chosen,
        out,
        device=device,
        jobs=jobs,
        retry_failed=retry_failed,
        make_display=partial(make_display, progress),
    )
    _tell(outcome, as_json=as_json)
    if outcome.failed:
        names = ", ".join(outcome.failed)
        msg = (
            f"{len(outcome.failed)} of {len(outcome.states)} runs failed: {names}; "
            "see log.txt in their folders, and --retry-failed"
        )
        raise RunsFailedError(msg)


def _tell(outcome: Outcome, *, as_json: bool) -> None:
    if as_json:
        answer = {
            "runs": {name: state.value for name, state in outcome.states.items()},
            "leaderboard": as_records(outcome.rows),
            "page": outcome.page and str(outcome.page),
            "table": outcome.table and str(outcome.table),
        }
        click.echo(json.dumps(answer, indent=1))
        return
    if outcome.rows:
        print_leaderboard(Console(), outcome.rows)
        click.echo(f"Page: {outcome.page}\nTable: {outcome.table}")
