"""report.html of a study's folder."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

import jinja2

from mia_bench.files import write_text
from mia_bench.leaderboard.leaderboard import DAGGER_NOTE, INTERVALS_NOTE, MARKS_NOTE
from mia_bench.metric_names import ORACLE_NOTE, TITLES
from mia_bench.report import datasets, tables
from mia_bench.report.picture_budget import keep_within
from mia_bench.run_folder.folder import PAGE
from mia_bench.run_folder.status import in_short, standings, unfinished

if TYPE_CHECKING:
    from pathlib import Path

    from mia_bench.leaderboard.leaderboard import Board

PICTURE_BYTES = 14_000_000  # all others of a study of 7 datasets by 10 methods take 4 MB


def write_report(out: Path, board: Board) -> Path:
    """Write report.html of a folder and its leaderboard."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("mia_bench.report", "."),
        autoescape=jinja2.select_autoescape(["html.j2"]),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["blank"] = lambda value: "" if value is None else value
    sections = [datasets.section(name, board.of(name)) for name in board.datasets]
    methods = [method for section in sections for method in section["methods"]]
    pictures = [kind["pictures"] for method in methods for kind in method["gallery"]]
    keep_within(pictures, PICTURE_BYTES)
    runs = standings(out)
    text = environment.get_template("page.html.j2").render(
        title=out.resolve().name,
        version=version("mia-bench"),
        states=in_short(runs),
        metrics=[(metric, TITLES[metric]) for metric in board.metrics],
        notes=[note for note, shown in _notes(board).items() if shown],
        rows=[tables.row(board, row) for row in board.rows],
        on_gpu=any(row.memory("cuda") for row in board.rows),
        matrices=[tables.matrix(board, metric) for metric in board.metrics],
        published=tables.published(board),
        dagger_note=DAGGER_NOTE,
        datasets=sections,
        unfinished=unfinished(runs),
    )
    path = out / PAGE
    write_text(path, text)
    return path


def _notes(board: Board) -> dict[str, bool]:
    """What stands below the leaderboard, and whether it concerns this one."""
    tested = any(board.mark(row, "auroc") != "alone" for row in board.rows)
    return {
        MARKS_NOTE: tested,
        INTERVALS_NOTE: True,
        ORACLE_NOTE: "best_dice" in board.metrics,
    }
