"""report.html of a study's folder."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

import jinja2

from mia_bench.files import write_text
from mia_bench.leaderboard.findings import describe_study
from mia_bench.leaderboard.leaderboard import DAGGER_NOTE, INTERVALS_NOTE, MARKS_NOTE
from mia_bench.literal_text import on_page
from mia_bench.metric_names import ORACLE_NOTE, TITLES
from mia_bench.report import tables
from mia_bench.report.datasets import dataset_section
from mia_bench.report.picture_budget import keep_within

if TYPE_CHECKING:
    from pathlib import Path

    from mia_bench.leaderboard.leaderboard import Leaderboard
    from mia_bench.report.galleries import Galleries
    from mia_bench.run_folder.status import RunsSummary

PICTURE_BYTES = 14_000_000  # all others of a study of 7 datasets by 10 methods take 4 MB


def write_page(
    path: Path, leaderboard: Leaderboard, summary: RunsSummary, galleries: Galleries
) -> None:
    """Write the page.

    Args:
        path: The HTML file.
        leaderboard: Results of the finished runs.
        summary: States of the runs that have begun.
        galleries: Galleries of the leaderboard's rows.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("mia_bench.report", "."),
        autoescape=jinja2.select_autoescape(["html.j2"]),
        finalize=on_page,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["blank"] = lambda value: "" if value is None else value
    sections = [
        dataset_section(leaderboard, name, galleries.readable) for name in leaderboard.datasets
    ]
    methods = [method for section in sections for method in section["methods"]]
    keep_within([kind["pictures"] for each in methods for kind in each["gallery"]], PICTURE_BYTES)
    text = environment.get_template("page.html.j2").render(
        title=path.resolve().parent.name,
        findings=describe_study(leaderboard),
        version=version("mia-bench"),
        states=summary.counts,
        metrics=[(metric, TITLES[metric]) for metric in leaderboard.metrics],
        notes=_notes(leaderboard),
        rows=[tables.row_context(leaderboard, row) for row in leaderboard.rows],
        on_gpu=any(row.peak_memory.cuda for row in leaderboard.rows),
        matrices=[tables.matrix_context(leaderboard, metric) for metric in leaderboard.metrics],
        published=tables.published_context(leaderboard),
        dagger_note=DAGGER_NOTE,
        datasets=sections,
        left_out=summary.left_out,
        damaged=galleries.damaged,
    )
    write_text(path, text)


def _notes(leaderboard: Leaderboard) -> list[str]:
    """Return the notes below the leaderboard that concern this one."""
    notes = [MARKS_NOTE] if leaderboard.has_marks else []
    notes.append(INTERVALS_NOTE)
    return [*notes, ORACLE_NOTE] if "best_dice" in leaderboard.metrics else notes
