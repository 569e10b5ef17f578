"""ROC and precision-recall curves as arrays."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mia_metrics import validate
from mia_metrics.ranking import Counts
from mia_metrics.validate import Bools, Floats


class RocCurve(NamedTuple):
    """Points of a ROC curve, in the order of falling thresholds.

    Attributes:
        fpr: (K + 1,) false positive rates, rising from 0 to 1.
        tpr: (K + 1,) true positive rates, rising from 0 to 1.
        thresholds: (K + 1,) the first is `inf`.
    """

    fpr: NDArray[np.float64]
    tpr: NDArray[np.float64]
    thresholds: Floats


class PrCurve(NamedTuple):
    """Points of a precision-recall curve, in the order of falling thresholds.

    Attributes:
        precision: (K,) precisions.
        recall: (K,) recalls, rising to 1.
        thresholds: (K,).
    """

    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    thresholds: Floats


def roc_curve(labels: ArrayLike, scores: ArrayLike) -> RocCurve:
    """Compute the ROC curve with one point for every distinct score.

    At threshold t: tpr = TP / P and fpr = FP / N of the images with score >= t, so tied images make
    one point. The area under the straight lines between the points is `auroc`.

    Args:
        labels: (N,) 0 normal, 1 abnormal (or 0/255, or booleans).
        scores: (N,) finite, higher = more abnormal.

    Returns:
        The points, from (0, 0) at threshold `inf` to (1, 1) at the lowest score.

    Raises:
        ValueError: as `image_metrics`.

    Paper: Fawcett, Pattern Recognition Letters 27, 2006, https://doi.org/10.1016/j.patrec.2005.10.010

    Examples:
        >>> curve = roc_curve([0, 0, 1, 1], [1, 2, 2, 3])
        >>> curve.fpr.tolist(), curve.tpr.tolist(), curve.thresholds.tolist()
        ([0.0, 0.0, 0.5, 1.0], [0.0, 0.5, 1.0, 1.0], [inf, 3.0, 2.0, 1.0])
    """
    thresholds, tp, fp = _counts(*validate.image_pair(labels, scores))
    return RocCurve(
        fpr=np.concatenate(([0.0], fp / fp[-1])),
        tpr=np.concatenate(([0.0], tp / tp[-1])),
        thresholds=np.concatenate((np.array([np.inf], thresholds.dtype), thresholds)),
    )


def pr_curve(labels: ArrayLike, scores: ArrayLike) -> PrCurve:
    """Compute the precision-recall curve with one point for every distinct score.

    At threshold t: precision = TP / (TP + FP) and recall = TP / P of the images with score >= t, so
    tied images make one point. No point is added at recall 0, where precision is undefined.
    `average_precision` is the area under the steps of the curve.

    Args:
        labels: (N,) 0 normal, 1 abnormal (or 0/255, or booleans).
        scores: (N,) finite, higher = more abnormal.

    Returns:
        The points, from the highest score to the lowest.

    Raises:
        ValueError: as `image_metrics`.

    Paper: Davis and Goadrich, ICML 2006, https://doi.org/10.1145/1143844.1143874

    Examples:
        >>> curve = pr_curve([0, 0, 1, 1], [1, 2, 2, 3])
        >>> [round(p, 3) for p in curve.precision.tolist()], curve.recall.tolist()
        ([1.0, 0.667, 0.5], [0.5, 1.0, 1.0])
    """
    thresholds, tp, fp = _counts(*validate.image_pair(labels, scores))
    return PrCurve(precision=tp / (tp + fp), recall=tp / tp[-1], thresholds=thresholds)


def _counts(truth: Bools, scores: Floats) -> tuple[Floats, Counts, Counts]:
    """Return all distinct scores, descending, and the TP and FP at each."""
    order = np.argsort(scores)[::-1]
    ranked = scores[order]
    ends = np.flatnonzero(np.concatenate((ranked[1:] != ranked[:-1], [True])))
    tp = np.cumsum(truth[order])[ends]
    return ranked[ends], tp, ends + 1 - tp
