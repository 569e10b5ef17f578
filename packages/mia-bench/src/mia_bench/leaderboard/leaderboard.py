"""The leaderboard of a study: everything that its tables, files and page show, computed once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mia_bench.leaderboard.published import compare_with_published
from mia_bench.leaderboard.ranks import rank_methods
from mia_bench.leaderboard.rows import format_value, make_rows
from mia_bench.leaderboard.versus_best import compare_with_best
from mia_bench.metric_names import METRICS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mia_bench.leaderboard.published import PublishedComparison
    from mia_bench.leaderboard.ranks import Ranking
    from mia_bench.leaderboard.rows import Row
    from mia_bench.leaderboard.versus_best import BestComparison, Mark
    from mia_bench.run_folder.status import RunStatus

# The sign beside a value, and its meaning.
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


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A metric of a method on a dataset.

    Attributes:
        mean: Mean over the seeds; None where the runs do not have the metric.
        deviation: Standard deviation over the seeds; None for fewer than two.
        text: Both, as ``0.812 ± 0.004``.
        comparison: Interval and test against the best method of the dataset; None where the runs
            have not kept what they need.
        rank: Rank on the dataset, 1 for the best; equal methods share the mean of their ranks.
        warmth: Position between the worst (0) and the best (100) method of the dataset.
        published: The preferred published figure beside it, None where there is none.
    """

    mean: float | None
    deviation: float | None
    text: str
    comparison: BestComparison | None
    rank: float | None
    warmth: int | None
    published: PublishedComparison | None

    @property
    def mark(self) -> Mark:
        """Mark of the comparison; "alone" where there is none."""
        return "alone" if self.comparison is None else self.comparison.mark


@dataclass(frozen=True, kw_only=True)
class Leaderboard:
    """The results of all finished runs of a study.

    Attributes:
        rows: One for each dataset and method.
        cells: Dataset and label -> metric -> cell.
        rankings: Metric -> ranks over the datasets.
        published: Dataset and label -> published figures beside ours, where there are any.
        metrics: Metrics that some row has.
        datasets: Datasets in the order of the rows.
    """

    rows: Sequence[Row]
    cells: Mapping[tuple[str, str], Mapping[str, Cell]]
    rankings: Mapping[str, Ranking]
    published: Mapping[tuple[str, str], Sequence[PublishedComparison]]
    metrics: Sequence[str]
    datasets: Sequence[str]

    @property
    def has_marks(self) -> bool:
        """True where some methods were tested against each other."""
        return any(cells["auroc"].mark != "alone" for cells in self.cells.values())


def make_leaderboard(runs: Iterable[RunStatus]) -> Leaderboard:
    """Compute the leaderboard of the finished ones of these runs.

    Raises:
        StudyError: Seeds of a method that scored different images.
    """
    rows = make_rows(runs)
    datasets = list(dict.fromkeys(row.dataset for row in rows))
    published = {row.key: compare_with_published(row) for row in rows}
    cells: dict[tuple[str, str], dict[str, Cell]] = {}
    for dataset in datasets:
        cells |= _make_cells([row for row in rows if row.dataset == dataset], published)
    return Leaderboard(
        rows=rows,
        cells=cells,
        rankings={metric: rank_methods(rows, metric) for metric in METRICS},
        published={key: found for key, found in published.items() if found},
        metrics=[metric for metric in METRICS if any(metric in row.means for row in rows)],
        datasets=datasets,
    )


def _make_cells(
    rows: Sequence[Row], published: Mapping[tuple[str, str], Sequence[PublishedComparison]]
) -> dict[tuple[str, str], dict[str, Cell]]:
    """Return the cells of the methods of one dataset."""
    compared = compare_with_best(rows)
    cells: dict[tuple[str, str], dict[str, Cell]] = {row.key: {} for row in rows}
    for metric in METRICS:
        means = [row.means[metric] for row in rows if metric in row.means]
        for row in rows:
            mean = row.means.get(metric)
            figures = [each for each in published[row.key] if each.figure.metric == metric]
            cells[row.key][metric] = Cell(
                mean=mean,
                deviation=row.deviations.get(metric),
                text=format_value(mean, row.deviations.get(metric)),
                comparison=compared.get(metric, {}).get(row.label),
                rank=None if mean is None else _rank(mean, means),
                warmth=None if mean is None else _warmth(mean, means),
                published=figures[0] if figures else None,
            )
    return cells


def _rank(own: float, means: Sequence[float]) -> float:
    above, equal = sum(mean > own for mean in means), sum(mean == own for mean in means)
    return above + (equal + 1) / 2


def _warmth(own: float, means: Sequence[float]) -> int:
    low, high = min(means), max(means)
    return round(100 * (own - low) / (high - low)) if high > low else 0
