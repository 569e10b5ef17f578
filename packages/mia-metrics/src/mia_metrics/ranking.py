"""The one ranking behind every metric: counts at the scores of the abnormal entries.

AUROC, AP, best Dice, the operating points and the per-region overlap gain only where the threshold
passes the score of an abnormal entry, so the counts at those scores are all that is needed. They
cost one sort of the scores in their own type (no keys and no permutation, which would take two to
four times the memory), one sort of the few abnormal ones, and two binary searches for each distinct
one of these.

An entry is called abnormal at threshold t where its score is >= t, so equal scores go together.
"""

from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mia_metrics.validate import Bools, Floats

Counts = NDArray[Any]  # whole numbers, as int64


class Ranking(NamedTuple):
    """Counts at the K distinct scores of the abnormal entries, highest first.

    Attributes:
        thresholds: (K,) the scores.
        hits: (..., K) abnormal entries with exactly this score.
        tp: (..., K) abnormal entries at or above it.
        above: (..., K) normal entries strictly above it.
        fp: (..., K) normal entries at or above it.
        positives: abnormal entries in all.
        negatives: normal entries in all.

    The leading axes are those of a batch of resamples; a resample may have `hits` of 0.
    """

    thresholds: Floats
    hits: Counts
    tp: Counts
    above: Counts
    fp: Counts
    positives: int
    negatives: int


def rank(truth: Bools, scores: Floats) -> Ranking:
    """Rank checked scores of any shape."""
    return rank_sorted(np.sort(scores, axis=None), np.sort(scores[truth]))


def rank_sorted(every: Floats, abnormal: Floats) -> Ranking:
    """Rank from all scores (n,) and the abnormal ones among them (p,), both sorted upwards."""
    starts = np.flatnonzero(np.concatenate(([True], abnormal[1:] != abnormal[:-1])))
    values = abnormal[starts]
    hits = np.diff(starts, append=abnormal.size)
    tp = np.subtract(abnormal.size, starts, out=starts)
    fp = _count_above(every, values, side="left")
    fp -= tp
    above = _count_above(every, values, side="right")
    above -= tp
    above += hits
    return Ranking(
        thresholds=values[::-1],
        hits=hits[::-1],
        tp=tp[::-1],
        above=above[::-1],
        fp=fp[::-1],
        positives=abnormal.size,
        negatives=every.size - abnormal.size,
    )


def _count_above(every: Floats, values: Floats, *, side: Literal["left", "right"]) -> Counts:
    """Count the entries at or above (`left`), or strictly above (`right`), each value."""
    # Ascending needles walk through `every` once, which keeps the searches in the cache.
    below = np.searchsorted(every, values, side=side)
    return np.subtract(every.size, below, out=below)


def auroc_of(ranking: Ranking) -> NDArray[np.float64]:
    """Area under the ROC curve, (...,): the share of abnormal-normal pairs in order, ties half."""
    wrong = _dot(ranking.hits, ranking.above) + _dot(ranking.hits, ranking.fp)  # exact: integers
    return 1.0 - 0.5 * wrong / (float(ranking.positives) * ranking.negatives)


def ap_of(ranking: Ranking) -> NDArray[np.float64]:
    """Average precision, (...,): the mean over abnormal entries of the precision at their score."""
    called = ranking.tp + ranking.fp
    precision = ranking.tp / np.maximum(called, 1, out=called)
    return _dot(ranking.hits, precision) / ranking.positives


def _dot(a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
    """Sum of products over the last axis, without a temporary."""
    return np.einsum("...k,...k->...", a, b)


def f1_of(ranking: Ranking) -> NDArray[np.float64]:
    """F1, which is Dice, at every threshold, (..., K): 2 TP / (P + TP + FP)."""
    return 2.0 * ranking.tp / (ranking.positives + ranking.tp + ranking.fp)


def sensitivity_within(ranking: Ranking, specificity: float) -> NDArray[np.float64]:
    """Sensitivity at every threshold, (..., K); 0 where the specificity is lower than asked."""
    reached = (ranking.negatives - ranking.fp) / ranking.negatives >= specificity
    return np.where(reached, ranking.tp / ranking.positives, 0.0)


def fpr_reaching(ranking: Ranking, tpr: float) -> NDArray[np.float64]:
    """False positive rate at every threshold, (..., K); `inf` where the TPR is lower than asked."""
    reached = ranking.tp / ranking.positives >= tpr
    return np.where(reached, ranking.fp / ranking.negatives, np.inf)
