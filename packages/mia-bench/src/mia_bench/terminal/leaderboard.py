"""The leaderboard in the terminal."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table

from mia_bench.leaderboard.leaderboard import DAGGER, DAGGER_NOTE, INTERVALS_NOTE, MARKS, MARKS_NOTE
from mia_bench.leaderboard.rows import format_count, format_value
from mia_bench.metric_names import ORACLE_NOTE, TITLES
from mia_bench.terminal.console import print_whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from mia_bench.leaderboard.leaderboard import Board
    from mia_bench.leaderboard.ranks import Ranking
    from mia_bench.leaderboard.rows import Row

NO_BREAK = "\u00a0"  # a space that the table does not strip


def print_leaderboard(console: Console, board: Board, *, published: bool = False) -> None:
    """Print the leaderboard, average ranks and what the marks mean.

    Columns that no row has a value for are left out. ``published``: with published figures and the
    difference of ours to them.
    """
    print_whole(console, _leaderboard(board, published=published))
    notes = []
    if any(board.mark(row, "auroc") != "alone" for row in board.rows):
        notes.append(MARKS_NOTE)
    notes.append(INTERVALS_NOTE)
    if "best_dice" in board.metrics:
        notes.append(ORACLE_NOTE)
    if published:
        notes.append(DAGGER_NOTE if board.published else "no published figures of these methods")
    for note in notes:
        console.print(note, highlight=False, style="dim")
    ranking = board.rankings["auroc"]
    if len(ranking.datasets) > 1:
        _print_ranks(console, ranking)


def _leaderboard(board: Board, *, published: bool) -> Table:
    table = Table(title="Leaderboard", title_justify="left", box=box.SIMPLE_HEAD)
    columns = _columns(board, published=published)
    for name in ("dataset", "method"):
        table.add_column(name)
    for name in columns:
        table.add_column(name, justify="right")
    for before, row in zip([None, *board.rows], board.rows, strict=False):
        if before is not None and before.dataset != row.dataset:
            table.add_section()
        table.add_row(row.dataset, row.label, *(cell(row) for cell in columns.values()))
    return table


def _columns(board: Board, *, published: bool) -> dict[str, Callable[[Row], str]]:
    """Heading -> what it says of a row."""
    columns: dict[str, Callable[[Row], str]] = {"seeds": lambda row: str(len(row.results))}
    for metric in board.metrics:
        columns[TITLES[metric]] = partial(_value, board, metric)
        if metric == "auroc":
            columns["95 % interval"] = partial(_interval, board, metric)
        if published and any(board.beside(row, metric) for row in board.rows):
            columns[f"published {TITLES[metric]}"] = partial(_published, board, metric)
    columns["fit s"] = lambda row: f"{row.seconds('fit'):.1f}"
    columns["score s"] = lambda row: f"{row.seconds('predict'):.1f}"
    for name, device in (("MiB", "cpu"), ("GPU MiB", "cuda")):
        if any(row.memory(device) for row in board.rows):
            columns[name] = partial(_memory, device)
    if any(row.parameters() is not None for row in board.rows):
        columns["parameters"] = lambda row: format_count(row.parameters())
    return columns


def _value(board: Board, metric: str, row: Row) -> str:
    value = format_value(row.mean(metric), row.deviation(metric))
    # A place for the mark in every row, so that the digits stand below each other.
    return f"{value} {MARKS[board.mark(row, metric)] or NO_BREAK}"


def _interval(board: Board, metric: str, row: Row) -> str:
    standing = board.standing(row, metric)
    return "-" if standing is None else f"{standing.found.low:.3f} - {standing.found.high:.3f}"


def _published(board: Board, metric: str, row: Row) -> str:
    beside = board.beside(row, metric)
    if beside is None:
        return "-"
    difference = "" if beside.difference is None else f" ({beside.difference:+.3f})"
    return f"{beside.figure.value:.3f}{difference}{DAGGER if beside.caveats else NO_BREAK}"


def _memory(device: str, row: Row) -> str:
    peak = row.memory(device)
    return "-" if peak is None else f"{peak / 2**20:.0f}"


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
