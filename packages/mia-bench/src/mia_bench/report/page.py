"""report.html of a study's folder."""

from __future__ import annotations

from collections import Counter
from importlib.metadata import version
from typing import TYPE_CHECKING

import jinja2

from mia_bench.board import DAGGER_NOTE, MARKS_NOTE
from mia_bench.files import write_text
from mia_bench.leaderboard import ORACLE_NOTE, TITLES, find_runs
from mia_bench.report import datasets, tables
from mia_bench.runfolder import PAGE, State

if TYPE_CHECKING:
    from pathlib import Path

    from mia_bench.board import Board


def write_report(out: Path, board: Board) -> Path:
    """Write report.html of a folder and its leaderboard."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("mia_bench.report", "."),
        autoescape=jinja2.select_autoescape(["html.j2"]),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["blank"] = lambda value: "" if value is None else value
    text = environment.get_template("page.html.j2").render(
        title=out.resolve().name,
        version=version("mia-bench"),
        states=_states(out),
        metrics=[(metric, TITLES[metric]) for metric in board.metrics],
        notes=[note for note, shown in _notes(board).items() if shown],
        rows=[tables.row(board, row) for row in board.rows],
        on_gpu=any(row.memory("cuda") for row in board.rows),
        matrices=[tables.matrix(board, metric) for metric in board.metrics],
        published=tables.published(board),
        dagger_note=DAGGER_NOTE,
        datasets=[datasets.section(name, board.of(name)) for name in board.datasets],
        unfinished=_unfinished(out),
    )
    path = out / PAGE
    write_text(path, text)
    return path


def _notes(board: Board) -> dict[str, bool]:
    """What stands below the leaderboard, and whether it concerns this one."""
    tested = any(board.mark(row, "auroc") != "alone" for row in board.rows)
    alone = "Intervals are 95 % over the test images, of the mean over the seeds; ± is over seeds"
    return {
        MARKS_NOTE: tested,
        alone: not tested,
        ORACLE_NOTE: "best_dice" in board.metrics,
    }


def _states(out: Path) -> str:
    """``40 finished, 3 failed, 2 running``."""
    counts = Counter(folder.state() for folder in find_runs(out))
    return ", ".join(f"{counts[state]} {state.value}" for state in reversed(State) if counts[state])


def _unfinished(out: Path) -> list[dict[str, str]]:
    """Runs of the folder that have not finished, and why."""
    found = []
    for folder in find_runs(out):
        state = folder.state()
        if state is not State.FINISHED:
            why = folder.read_failure()["error"] if state is State.FAILED else ""
            name = folder.path.relative_to(out).as_posix()
            found.append({"name": name, "state": state.value, "why": why})
    return found
