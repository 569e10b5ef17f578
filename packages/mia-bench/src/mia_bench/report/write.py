"""What a folder of runs comes to: leaderboard.csv and report.html."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mia_bench.errors import StudyError
from mia_bench.leaderboard.csv_file import write_csv
from mia_bench.leaderboard.leaderboard import Board, make_board
from mia_bench.leaderboard.rows import gather
from mia_bench.report.page import write_report
from mia_bench.run_folder.folder import TABLE, writing_results
from mia_bench.run_folder.status import in_short, standings

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Results:
    """The leaderboard and the files that show it."""

    board: Board
    page: Path
    table: Path


def write_results(out: Path) -> Results:
    """Write leaderboard.csv and report.html of the finished runs in a folder.

    Raises:
        StudyError: No finished run, or damaged ones.
    """
    rows = gather(out)
    if not rows:
        msg = f"no finished run in {out}: {in_short(standings(out))}"
        raise StudyError(msg)
    board = make_board(rows)
    table = out / TABLE
    with writing_results(out):
        write_csv(table, board)
        return Results(board, write_report(out, board), table)
