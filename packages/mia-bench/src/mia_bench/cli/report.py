"""mia-bench report: write the page and the table of a study's folder again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from mia_bench.cli.options import FOLDER, JSON
from mia_bench.console import make_console
from mia_bench.records import as_records
from mia_bench.results import write_results
from mia_bench.standing import in_short, standings, unfinished
from mia_bench.table import print_leaderboard

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.argument("folder", type=FOLDER, metavar="DIR")
@click.option(
    "--published", is_flag=True, help="Show published figures of the same methods beside ours."
)
@JSON
def report(folder: Path, published: bool, as_json: bool) -> None:
    """Write report.html and leaderboard.csv of finished runs in DIR."""
    results = write_results(folder)
    runs = standings(folder)
    if as_json:
        answer = {
            "runs": {run.name: run.state.value for run in runs},
            "leaderboard": as_records(results.board),
            "page": str(results.page),
            "table": str(results.table),
        }
        click.echo(json.dumps(answer, indent=1))
        return
    print_leaderboard(make_console(), results.board, published=published)
    click.echo(f"Runs: {in_short(runs)}")
    for run in unfinished(runs):
        click.echo(f"{run.state.value:>9}  {run.name}  {run.note}".rstrip())
    click.echo(f"Page: {results.page}\nTable: {results.table}")
