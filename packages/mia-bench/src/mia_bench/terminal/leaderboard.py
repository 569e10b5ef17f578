"""The leaderboard in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table

from mia_bench.leaderboard.findings import describe_study
from mia_bench.leaderboard.leaderboard import DAGGER, DAGGER_NOTE, INTERVALS_NOTE, MARKS, MARKS_NOTE
from mia_bench.metric_names import ORACLE_NOTE, TITLES
from mia_bench.terminal.console import print_whole

if TYPE_CHECKING:
    from rich.console import Console

    from mia_bench.leaderboard.leaderboard import Cell, Leaderboard
    from mia_bench.leaderboard.ranks import Ranking

NO_BREAK = "\u00a0"  # a space that the table does not strip


def print_leaderboard(
    console: Console, leaderboard: Leaderboard, *, published: bool = False
) -> None:
    """Print the leaderboard, average ranks and the meaning of the marks.

    Columns that no row has a value for are left out. ``published``: with published figures and the
    difference of ours to them.
    """
    table = Table(title="Leaderboard", title_justify="left", box=box.SIMPLE_HEAD)
    for name in ("dataset", "method"):
        table.add_column(name)
    columns = _columns(leaderboard, published=published)
    for name in columns:
        table.add_column(name, justify="right")
    for number, row in enumerate(leaderboard.rows):
        if number and leaderboard.rows[number - 1].dataset != row.dataset:
            table.add_section()
        table.add_row(row.dataset, row.label, *(texts[number] for texts in columns.values()))
    print_whole(console, table)
    if leaderboard.rows:
        console.print(describe_study(leaderboard), highlight=False, markup=False)
    for note in _notes(leaderboard, published=published):
        console.print(note, highlight=False, style="dim")
    ranking = leaderboard.rankings["auroc"]
    if len(ranking.datasets) > 1:
        _print_ranks(console, ranking)


def _columns(leaderboard: Leaderboard, *, published: bool) -> dict[str, list[str]]:
    """Return the heading of each column -> its texts from the top."""
    rows = leaderboard.rows
    columns = {"seeds": [str(len(row.runs)) for row in rows]}
    for metric in leaderboard.metrics:
        cells = [leaderboard.cells[row.key][metric] for row in rows]
        columns[TITLES[metric]] = [_value(cell) for cell in cells]
        if metric == "auroc":
            columns["95 % interval"] = [_interval(cell) for cell in cells]
        if published and any(cell.published for cell in cells):
            columns[f"published {TITLES[metric]}"] = [_published(cell) for cell in cells]
    columns["fit s"] = [f"{row.fit_seconds:.1f}" for row in rows]
    columns["score s"] = [f"{row.predict_seconds:.1f}" for row in rows]
    memory: dict[str, list[int | None]] = {
        "MiB": [row.peak_memory.cpu for row in rows],
        "GPU MiB": [row.peak_memory.cuda for row in rows],
    }
    for name, sizes in memory.items():
        if any(sizes):
            columns[name] = [f"{size / 2**20:.0f}" if size else "-" for size in sizes]
    if any(row.parameters is not None for row in rows):
        columns["parameters"] = [row.parameters_text for row in rows]
    return columns


def _value(cell: Cell) -> str:
    # A place for the mark in every row, so that the digits stand below each other.
    return f"{cell.text} {MARKS[cell.mark] or NO_BREAK}"


def _interval(cell: Cell) -> str:
    if cell.comparison is None:
        return "-"
    return f"{cell.comparison.found.low:.3f} - {cell.comparison.found.high:.3f}"


def _published(cell: Cell) -> str:
    if cell.published is None:
        return "-"
    difference = cell.published.difference
    shown = "" if difference is None else f" ({difference:+.3f})"
    dagger = DAGGER if cell.published.caveats else NO_BREAK
    return f"{cell.published.figure.value:.3f}{shown}{dagger}"


def _notes(leaderboard: Leaderboard, *, published: bool) -> list[str]:
    """Return the notes below the table that concern this leaderboard."""
    notes = [MARKS_NOTE] if leaderboard.has_marks else []
    notes.append(INTERVALS_NOTE)
    if "best_dice" in leaderboard.metrics:
        notes.append(ORACLE_NOTE)
    if published:
        nothing = "no published figures of these methods"
        notes.append(DAGGER_NOTE if leaderboard.published else nothing)
    return notes


def _print_ranks(console: Console, ranking: Ranking) -> None:
    if ranking.average:
        # As a title of so narrow a table it would be broken into pieces.
        title = f"Average rank by AUROC over {len(ranking.datasets)} datasets"
        console.print(title, highlight=False, style="italic")
        table = Table(box=box.SIMPLE_HEAD)
        table.add_column("method")
        table.add_column("average rank", justify="right")
        for label, rank in ranking.average.items():
            table.add_row(label, f"{rank:.2f}")
        print_whole(console, table)
    console.print(ranking.verdict, highlight=False, style="dim")
    if ranking.left_out:
        names = ", ".join(ranking.left_out)
        console.print(f"not ranked, for lack of a dataset: {names}", highlight=False, style="dim")
