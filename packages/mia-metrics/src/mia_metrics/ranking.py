"""Ranking of scores against labels, from which all metrics follow.

AUROC, AP, best Dice, the operating points and the per-region overlap change only where the
threshold passes the score of an abnormal entry (an image or a pixel), so the counts at those scores
are all that is needed. They cost one sort of the scores in their own type (no keys and no
permutation, which would take two to four times the memory), one sort of the few abnormal scores,
and two binary searches for each distinct abnormal score.

An entry is flagged as abnormal at threshold t if its score is >= t, so equal scores are flagged
together.
"""

from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mia_metrics.validate import Bools, Floats

Counts = NDArray[Any]  # whole numbers, as int64


class Ranking(NamedTuple):
    """Counts at the K distinct scores of the abnormal entries, highest score first.

    Leading axes, if any, are those of a batch of resamples, in which some `hits` may be 0.

    Attributes:
        thresholds: (K,) the scores.
        hits: (..., K) abnormal entries with exactly this score.
        tp: (..., K) abnormal entries at or above it (true positives).
        above: (..., K) normal entries strictly above it.
        fp: (..., K) normal entries at or above it (false positives).
        positives: number of abnormal entries.
        negatives: number of normal entries.
    """

    thresholds: Floats
    hits: Counts
    tp: Counts
    above: Counts
    fp: Counts
    positives: int
    negatives: int


class AtThreshold(NamedTuple):
    """Value of a metric and the threshold that reaches it (abnormal: score >= threshold).

    Attributes:
        value: the metric.
        threshold: the score, or `inf` if the value is reached by flagging nothing.
    """

    value: float
    threshold: float


def rank(truth: Bools, scores: Floats) -> Ranking:
    """Rank checked scores of any shape against their labels."""
    return rank_sorted(np.sort(scores, axis=None), np.sort(scores[truth]))


def rank_sorted(every: Floats, abnormal: Floats) -> Ranking:
    """Rank scores that are sorted already.

    Args:
        every: (n,) all scores, ascending.
        abnormal: (p,) the scores of the abnormal entries among them, ascending.
    """
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
    # Ascending values walk through `every` once, which keeps the searches in the cache.
    below = np.searchsorted(every, values, side=side)
    return np.subtract(every.size, below, out=below)


def auroc_of(ranking: Ranking) -> NDArray[np.float64]:
    """Return the area under the ROC curve, (...,).

    It is the share of abnormal-normal pairs in the right order, ties counting half.
    """
    wrong = _dot(ranking.hits, ranking.above) + _dot(ranking.hits, ranking.fp)  # exact: integers
    return 1.0 - 0.5 * wrong / (float(ranking.positives) * ranking.negatives)


def ap_of(ranking: Ranking) -> NDArray[np.float64]:
    """Return the average precision, (...,): the mean precision at the abnormal entries' scores."""
    flagged = ranking.tp + ranking.fp
    precision = ranking.tp / np.maximum(flagged, 1, out=flagged)
    return _dot(ranking.hits, precision) / ranking.positives


def _dot(a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
    """Return the sum of products over the last axis, without a temporary."""
    return np.einsum("...k,...k->...", a, b)


def f1_of(ranking: Ranking) -> NDArray[np.float64]:
    """Return F1 (for pixels: Dice) at every threshold, (..., K): 2 TP / (P + TP + FP)."""
    return 2.0 * ranking.tp / (ranking.positives + ranking.tp + ranking.fp)


def max_f1(ranking: Ranking) -> AtThreshold:
    """Return the highest F1 (for pixels: Dice) and the highest threshold that reaches it."""
    f1 = f1_of(ranking)
    best = int(np.argmax(f1))
    return AtThreshold(float(f1[best]), float(ranking.thresholds[best]))


def sensitivity_within(ranking: Ranking, specificity: float) -> NDArray[np.float64]:
    """Return the sensitivity at every threshold, (..., K); 0 if the specificity is too low."""
    reached = (ranking.negatives - ranking.fp) / ranking.negatives >= specificity
    return np.where(reached, ranking.tp / ranking.positives, 0.0)


def fpr_reaching(ranking: Ranking, tpr: float) -> NDArray[np.float64]:
    """Return the false positive rate at every threshold, (..., K); `inf` if the TPR is too low."""
    reached = ranking.tp / ranking.positives >= tpr
    return np.where(reached, ranking.fp / ranking.negatives, np.inf)
