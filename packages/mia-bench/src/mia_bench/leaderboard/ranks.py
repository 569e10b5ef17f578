"""Average ranks over all datasets, Friedman's test and Nemenyi's critical difference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import mia_metrics

from mia_bench.leaderboard import ALPHA

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mia_bench.leaderboard.rows import Row

MIN_TESTED = 3  # methods, and datasets, below which the tests say nothing


@dataclass(frozen=True)
class Ranking:
    """Methods ranked over datasets by one metric.

    Attributes:
        average: Label -> average rank, best first; empty where there is only one dataset or method.
        datasets: Datasets that have the metric.
        left_out: Methods that are not finished on all of them.
        difference: The tests, None where there are too few methods or datasets.
    """

    average: dict[str, float]
    datasets: tuple[str, ...]
    left_out: tuple[str, ...]
    difference: mia_metrics.CriticalDifference | None

    @property
    def verdict(self) -> str:
        """One sentence on whether the methods differ over the datasets."""
        if self.difference is None:
            return (
                f"Friedman's test and critical differences need at least {MIN_TESTED} methods that "
                f"are finished on all of at least {MIN_TESTED} datasets; here there are "
                f"{len(self.average)} on {len(self.datasets)}."
            )
        found = self.difference
        differ = "differ" if found.friedman_p < ALPHA else "cannot be told apart"
        return (
            f"Over {found.datasets} datasets the methods {differ} (Friedman "
            f"p = {found.friedman_p:.2g}); two of them differ where their average ranks are at "
            f"least {found.critical_difference:.2f} apart (Nemenyi, {ALPHA:g})."
        )


def rank_methods(rows: Sequence[Row], metric: str) -> Ranking:
    """Rank the methods by their means over the seeds.

    Only methods that are finished on every dataset take part: an average over other datasets would
    be of easier or harder ones.
    """
    known = {(row.label, row.dataset): row.means[metric] for row in rows if metric in row.means}
    datasets = tuple(dict.fromkeys(dataset for _, dataset in known))
    labels = tuple(dict.fromkeys(label for label, _ in known))
    whole = [label for label in labels if all((label, name) in known for name in datasets)]
    left_out = tuple(label for label in labels if label not in whole)
    if len(whole) < 2 or len(datasets) < 2:
        return Ranking({}, datasets, left_out, None)
    found = mia_metrics.critical_difference(
        {label: [known[label, name] for name in datasets] for label in whole}, alpha=ALPHA
    )
    average = dict(zip(found.methods, found.average_ranks.tolist(), strict=True))
    enough = min(len(whole), len(datasets)) >= MIN_TESTED
    return Ranking(average, datasets, left_out, found if enough else None)
