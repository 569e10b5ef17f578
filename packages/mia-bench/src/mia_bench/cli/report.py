"""mia-bench report: write the page and the table of a study's folder again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click
from rich.console import Console

from mia_bench import leaderboard
from mia_bench.cli.options import FOLDER, JSON
from mia_bench.errors import StudyError
from mia_bench.report.page import write_report
from mia_bench.runfolder import TABLE, writing_results
from mia_bench.table import print_leaderboard

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.argument("folder", type=FOLDER, metavar="DIR")
@JSON
def report(folder: Path, as_json: bool) -> None:
    """Write report.html and leaderboard.csv of the finished runs in DIR."""
    rows = leaderboard.gather(folder)
    if not rows:
        msg = f"no finished run in {folder}"
        raise StudyError(msg)
    table = folder / TABLE
    with writing_results(folder):
        leaderboard.write_csv(table, rows)
        page = write_report(folder, rows)
    if as_json:
        records = leaderboard.as_records(rows)
        answer = {"leaderboard": records, "page": str(page), "table": str(table)}
        click.echo(json.dumps(answer, indent=1))
        return
    print_leaderboard(Console(), rows)
    click.echo(f"Page: {page}\nTable: {table}")
