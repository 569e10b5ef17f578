"""mia-bench report: the page and the table of a study's folder."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from mia_bench.cli.echo import echo
from mia_bench.cli.options import FOLDER, JSON
from mia_bench.errors import StudyError
from mia_bench.report.write import write_report
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
    found = write_report(folder)
    if as_json:
        answer = {
            "runs": {name: state.value for name, state in found.summary.states.items()},
            "unreadable": found.unreadable,
            "leaderboard": found.records,
            "page": found.page and str(found.page),
            "table": found.table and str(found.table),
        }
        echo(json.dumps(answer, indent=1))
    else:
        if found.records:
            print_leaderboard(make_console(), found.leaderboard, published=published)
        echo(f"Runs: {found.summary.counts}")
        for run in found.summary.left_out:
            echo(f"{run.state.value:>10}  {run.name}  {run.note}".rstrip())
        if found.records:
            echo(f"Page: {found.page}\nTable: {found.table}")
    if not found.records:
        msg = f"no finished run in {folder}: {found.summary.counts}"
        raise StudyError(msg)
    found.check_readable()
