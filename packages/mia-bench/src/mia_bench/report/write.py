"""The report of a study's folder: leaderboard.csv and report.html."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from filelock import FileLock

from mia_bench.errors import RunsFailedError
from mia_bench.files import remove_temporaries
from mia_bench.leaderboard.csv_file import make_records, write_csv
from mia_bench.leaderboard.leaderboard import make_leaderboard
from mia_bench.report.galleries import read_galleries
from mia_bench.report.page import write_page
from mia_bench.report.samples import read_samples
from mia_bench.run_folder.folder import LOCK
from mia_bench.run_folder.status import read_runs, summarize

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from mia_bench.leaderboard.csv_file import Record
    from mia_bench.leaderboard.leaderboard import Leaderboard
    from mia_bench.run_folder.status import RunsSummary

TABLE, PAGE = "leaderboard.csv", "report.html"


@dataclass(frozen=True, kw_only=True)
class StudyReport:
    """The state and results of a study's folder, and the files that show them.

    Attributes:
        summary: States of the runs that have begun.
        unreadable: Name of each run with a damaged file -> the damage.
        leaderboard: Results of the finished runs; without rows where there are none.
        records: The rows of leaderboard.csv.
        page: report.html, None where no run has finished.
        table: leaderboard.csv, None where no run has finished.
    """

    summary: RunsSummary
    unreadable: Mapping[str, str]
    leaderboard: Leaderboard
    records: Sequence[Record]
    page: Path | None
    table: Path | None

    def check_readable(self) -> None:
        """Raise an error that names the runs which are missing from the results.

        Raises:
            RunsFailedError: A run has a damaged file.
        """
        if self.unreadable:
            first = next(iter(self.unreadable.values()))
            msg = (
                f"{len(self.unreadable)} of {len(self.summary.states)} runs cannot be read whole: "
                f"{', '.join(self.unreadable)}; the first: {first}"
            )
            raise RunsFailedError(msg)


def write_report(out: Path) -> StudyReport:
    """Write leaderboard.csv and report.html of the finished runs in a folder, if there are any.

    Runs that cannot be read are left out and named in the report.

    Raises:
        StudyError: No run has begun, or seeds of a method scored different images.
    """
    runs = read_runs(out)
    summary = summarize(runs)
    unreadable = {each.name: each.note for each in summary.left_out if each.is_unreadable}
    leaderboard = make_leaderboard(runs)
    records = make_records(leaderboard)
    page = table = None
    if records:
        galleries = read_galleries(leaderboard.rows)
        samples = read_samples(leaderboard.rows)
        unreadable |= {**galleries.damaged, **samples.damaged}
        page, table = out / PAGE, out / TABLE
        with _lock_results(out):
            write_csv(table, records)
            write_page(page, leaderboard, summary, galleries, samples)
    return StudyReport(
        summary=summary,
        unreadable=unreadable,
        leaderboard=leaderboard,
        records=records,
        page=page,
        table=table,
    )


@contextmanager
def _lock_results(out: Path) -> Iterator[None]:
    """Let one process at a time write a study's table and page, after what a killed one left."""
    with FileLock(out / LOCK):
        for name in (TABLE, PAGE):
            remove_temporaries(out / name)
        yield
