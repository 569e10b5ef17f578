"""report.html of a study's folder."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import jinja2

from mia_bench.files import write_text
from mia_bench.leaderboard.findings import describe_study
from mia_bench.leaderboard.leaderboard import DAGGER_NOTE, INTERVALS_NOTE, MARKS_NOTE
from mia_bench.literal_text import on_page
from mia_bench.metric_names import ORACLE_NOTE, TITLES
from mia_bench.report import tables
from mia_bench.report.datasets import dataset_section
from mia_bench.report.masks import Masks
from mia_bench.report.method_facts import method_facts
from mia_bench.report.page_budget import fit_pictures, shrink
from mia_bench.report.samples import how_to_add

if TYPE_CHECKING:
    from pathlib import Path

    from mia_bench.leaderboard.leaderboard import Leaderboard
    from mia_bench.report.galleries import Galleries
    from mia_bench.report.samples import RowSamples
    from mia_bench.run_folder.status import RunsSummary

PICTURE_BYTES = 14_000_000  # all others of a study of 7 datasets by 10 methods take 4 MB
PAGE_BYTES = 20_000_000


def write_page(
    path: Path,
    leaderboard: Leaderboard,
    summary: RunsSummary,
    galleries: Galleries,
    samples: RowSamples,
) -> None:
    """Write the page; of what would make it larger than 20 MB, it says how much is left out.

    Args:
        path: The HTML file.
        leaderboard: Results of the finished runs.
        summary: States of the runs that have begun.
        galleries: Galleries of the leaderboard's rows.
        samples: Their samples.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("mia_bench.report", "."),
        autoescape=jinja2.select_autoescape(["html.j2"]),
        finalize=on_page,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["blank"] = lambda value: "" if value is None else value
    template = environment.get_template("page.html.j2")
    masks = Masks()
    sections = [
        dataset_section(leaderboard, name, galleries.readable, samples, masks)
        for name in leaderboard.datasets
    ]
    left_out = fit_pictures(sections, PICTURE_BYTES)
    context: dict[str, Any] = {
        "title": path.resolve().parent.name,
        "findings": describe_study(leaderboard),
        "version": version("mia-bench"),
        "states": summary.counts,
        "metrics": [(metric, TITLES[metric]) for metric in leaderboard.metrics],
        "notes": _notes(leaderboard),
        "rows": [tables.row_context(leaderboard, row) for row in leaderboard.rows],
        "on_gpu": any(row.peak_memory.cuda for row in leaderboard.rows),
        "matrices": [tables.matrix_context(leaderboard, metric) for metric in leaderboard.metrics],
        "published": tables.published_context(leaderboard),
        "dagger_note": DAGGER_NOTE,
        "methods": method_facts(leaderboard.rows),
        "masks": masks,
        "left_out": summary.left_out,
        "damaged": {**galleries.damaged, **samples.damaged},
        "without_samples": samples.missing,
        "how_to_add": how_to_add("DIR"),
    }
    text = template.render(**context, datasets=sections, pictures_left_out=left_out)
    for more in shrink(sections):
        if len(text.encode("utf-8", "backslashreplace")) <= PAGE_BYTES:
            break
        left_out = [*left_out, more]
        text = template.render(**context, datasets=sections, pictures_left_out=left_out)
    write_text(path, text)


def _notes(leaderboard: Leaderboard) -> list[str]:
    """Return the notes below the leaderboard that concern this one."""
    notes = [MARKS_NOTE] if leaderboard.has_marks else []
    notes.append(INTERVALS_NOTE)
    return [*notes, ORACLE_NOTE] if "best_dice" in leaderboard.metrics else notes
