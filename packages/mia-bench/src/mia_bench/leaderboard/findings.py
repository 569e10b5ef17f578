"""Sentences on what a study found: the best method, by how much, and what is not significant."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mia_bench.leaderboard.leaderboard import Leaderboard
    from mia_bench.leaderboard.rows import Row

METRIC = "auroc"
NAMED = 4  # methods that a sentence lists by name


def describe_study(leaderboard: Leaderboard) -> str:
    """Return the sentences on all datasets together; of a single dataset, those on it.

    Methods are ordered by their average rank over the datasets by AUROC; only methods that are
    finished on every dataset have one.
    """
    if len(leaderboard.datasets) == 1:
        return describe_dataset(leaderboard, leaderboard.datasets[0])
    ranking = leaderboard.rankings[METRIC]
    count = len(ranking.datasets)
    if not ranking.average:
        return f"No two methods are finished on all of the {count} datasets."
    (best, rank), (second, next_rank), *_ = ranking.average.items()
    text = f"{best} has the best average rank over {count} datasets by AUROC: {rank:.2f} "
    text += f"of {len(ranking.average)} methods, followed by {second} ({next_rank:.2f})."
    if ranking.difference is None:
        return f"{text} Too few methods or datasets for a test of the ranks."
    groups = [group for group in ranking.difference.groups if best in group]
    alike = list(dict.fromkeys(name for group in groups for name in group if name != best))
    return f"{text} {_on_ranks(alike, others=len(ranking.average) - 1)}"


def describe_dataset(leaderboard: Leaderboard, dataset: str) -> str:
    """Return the sentences on one dataset: best AUROC, distance to the next, and tests."""
    rows = [row for row in leaderboard.rows if row.dataset == dataset and METRIC in row.means]
    if not rows:
        return f"No method has an AUROC on {dataset}."
    best, *others = rows
    cell = leaderboard.cells[best.key][METRIC]
    text = f"On {dataset}, {best.label} has "
    text += f"the highest AUROC, {cell.text}" if others else f"an AUROC of {cell.text}"
    if cell.comparison is not None:
        found = cell.comparison.found
        text += f" (95 % interval {found.low:.3f} to {found.high:.3f})"
    if others:
        gap = best.means[METRIC] - others[0].means[METRIC]
        above = f"{gap:.3f}" if gap >= 0.0005 else "less than 0.001"
        text += f", {above} above {others[0].label}"
    text += f", on {best.runs[0].record.images.test} test images with {_seeds(rows)}."
    return f"{text} {_on_tests(leaderboard, rows)}" if others else text


def _on_tests(leaderboard: Leaderboard, rows: Sequence[Row]) -> str:
    """Return a sentence on which of the other methods the best one was not found better than."""
    best, *others = rows
    marks = {row.label: leaderboard.cells[row.key][METRIC].mark for row in rows}
    if marks[best.label] == "alone":
        return "It could not be tested against the others, which scored other test images."
    alike = [row.label for row in others if marks[row.label] == "alike"]
    untested = [row.label for row in others if marks[row.label] == "alone"]
    tested = len(others) - len(untested)
    if not alike:
        text = "The difference is significant."
        if tested > 1:
            text = f"The differences to all {tested} other methods are significant."
    elif len(alike) == tested:
        text = "No difference to another method is significant."
    else:
        text = f"Not significantly below it: {_names(alike)}."
    if untested:
        text += f" Not tested, because other test images were scored: {_names(untested)}."
    return text


def _on_ranks(alike: Sequence[str], *, others: int) -> str:
    if not alike:
        return "Its rank is significantly better than all others."
    if len(alike) == others:
        return "No other method's rank is significantly worse."
    return f"Not significantly worse by rank: {_names(alike)}."


def _names(labels: Sequence[str]) -> str:
    """Return the first names, and how many more there are."""
    shown, more = labels[:NAMED], len(labels) - NAMED
    if more > 0:
        return f"{', '.join(shown)} and {more} more"
    return " and ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))


def _seeds(rows: Sequence[Row]) -> str:
    counts = sorted({len(row.runs) for row in rows})
    if counts == [1]:
        return "one seed"
    if len(counts) == 1:
        return f"{counts[0]} seeds"
    return f"{counts[0]} to {counts[-1]} seeds"
