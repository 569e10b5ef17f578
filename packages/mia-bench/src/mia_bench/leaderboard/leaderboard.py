"""Everything that the table, the CSV file and the page say of the finished runs of a folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mia_bench.leaderboard import published
from mia_bench.leaderboard.ranks import Ranking, ranking
from mia_bench.leaderboard.versus_best import Mark, Standing, standings
from mia_bench.metric_names import METRICS

if TYPE_CHECKING:
    from mia_bench.leaderboard.published import Beside
    from mia_bench.leaderboard.rows import Row

# What stands beside a value, and what it says.
MARKS: dict[Mark, str] = {"best": "▲", "alike": "≈", "worse": "", "alone": ""}
MARK_NAMES: dict[Mark, str] = {
    "best": "best",
    "alike": "not significantly below the best",
    "worse": "",
    "alone": "",
}
MARKS_NOTE = (
    "▲ best of its dataset; ≈ not significantly below it (paired bootstrap, Holm's correction for "
    "the number of methods, level 0.05)"
)
INTERVALS_NOTE = (
    "Intervals are 95 %, for other test images and other seeds; for other images alone where there "
    "is one seed. ± is the deviation over the seeds"
)
DAGGER = "†"
DAGGER_NOTE = f"{DAGGER} not the published experiment: other images, settings or quantity"


@dataclass(frozen=True)
class Board:
    """The leaderboard.

    Attributes:
        rows: One a dataset and method.
        standings: Metric -> dataset and label -> interval and test against the best.
        rankings: Metric -> ranks over the datasets.
        published: Dataset and label -> published figures beside ours, those that there are.
    """

    rows: list[Row]
    standings: dict[str, dict[tuple[str, str], Standing]]
    rankings: dict[str, Ranking]
    published: dict[tuple[str, str], list[Beside]]

    @property
    def metrics(self) -> list[str]:
        """Metrics that some row has."""
        return [m for m in METRICS if any(row.mean(m) is not None for row in self.rows)]

    @property
    def datasets(self) -> list[str]:
        """Datasets in the order of the rows."""
        return list(dict.fromkeys(row.dataset for row in self.rows))

    def of(self, dataset: str) -> list[Row]:
        """The rows of a dataset."""
        return [row for row in self.rows if row.dataset == dataset]

    def standing(self, row: Row, metric: str) -> Standing | None:
        """A row's interval and test, None where its runs have not kept what they need."""
        return self.standings[metric].get(row.key)

    def mark(self, row: Row, metric: str) -> Mark:
        """Where a row stands to the best of its dataset; "alone" for what is not tested."""
        standing = self.standing(row, metric)
        return "alone" if standing is None else standing.mark

    def rank(self, row: Row, metric: str) -> float | None:
        """A row's rank on its dataset, 1 for the best; equals share the mean of their ranks."""
        own = row.mean(metric)
        if own is None:
            return None
        means = [mean for each in self.of(row.dataset) if (mean := each.mean(metric)) is not None]
        above, equal = sum(mean > own for mean in means), sum(mean == own for mean in means)
        return above + (equal + 1) / 2

    def beside(self, row: Row, metric: str) -> Beside | None:
        """The preferred published figure of a row's metric."""
        found = self.published.get(row.key, [])
        return next((each for each in found if each.figure.metric == metric), None)


def make_board(rows: list[Row]) -> Board:
    """The leaderboard of the rows that ``rows.gather`` found.

    Raises:
        StudyError: Seeds of a method that scored different images.
    """
    return Board(
        rows,
        standings(rows),
        {metric: ranking(rows, metric) for metric in METRICS},
        {row.key: found for row in rows if (found := published.beside(row))},
    )
