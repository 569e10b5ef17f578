"""mia-bench report: the page and the table of a study's folder."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from mia_bench.cli.options import FOLDER, JSON
from mia_bench.errors import StudyError
from mia_bench.leaderboard.csv_file import as_records
from mia_bench.report.write import write_results
from mia_bench.run_folder.folder import State
from mia_bench.run_folder.status import in_short, standings, unfinished
from mia_bench.terminal.console import make_console
from mia_bench.terminal.leaderboard import print_leaderboard

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.argument("folder", type=FOLDER, metavar="DIR")
@click.option("--published", is_flag=True, help="Also show published figures of the same methods.")
@JSON
def report(folder: Path, published: bool, as_json: bool) -> None:
    """Write report.html and leaderboard.csv of a study's folder.

    They cover the finished runs in DIR; the state of the others is printed. Runs that have not
    started are not known here: `mia-bench plan` lists them.
    """
    runs = standings(folder)
    finished = any(run.state is State.FINISHED for run in runs)
    results = write_results(folder) if finished else None
    if as_json:
        answer = {
            "runs": {run.name: run.state.value for run in runs},
            "leaderboard": as_records(results.board) if results else [],
            "page": results and str(results.page),
            "table": results and str(results.table),
        }
        click.echo(json.dumps(answer, indent=1))
    else:
        if results:
            print_leaderboard(make_console(), results.board, published=published)
        click.echo(f"Runs: {in_short(runs)}")
        for run in unfinished(runs):
            click.echo(f"{run.state.value:>9}  {run.name}  {run.note}".rstrip())
        if results:
            click.echo(f"Page: {results.page}\nTable: {results.table}")
    if not results:
        msg = f"no finished run in {folder}: {in_short(runs)}"
        raise StudyError(msg)
