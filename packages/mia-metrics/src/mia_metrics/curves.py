"""ROC and precision-recall curves as arrays."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mia_metrics import validate
from mia_metrics.ranking import Counts
from mia_metrics.validate import Bools, Floats


class RocCurve(NamedTuple):
    """Points of a ROC curve, (K + 1,) each, thresholds falling from `inf`."""

    fpr: NDArray[np.float64]
    tpr: NDArray[np.float64]
    thresholds: Floats


class PrCurve(NamedTuple):
    """Points of a precision-recall curve, (K,) each, thresholds falling, recall rising to 1."""

    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    thresholds: Floats


def roc_curve(labels: ArrayLike, scores: ArrayLike) -> RocCurve:
    """ROC curve of labels (N,) and scores (N,): one point a distinct score, none left out.

    At threshold t: tpr = TP / P and fpr = FP / N of the images with score >= t, so tied images make
    one point. It starts at (0, 0) with threshold `inf` and ends at (1, 1). The straight lines
    between its points enclose `auroc`.

    Raises:
        ValueError: as `image_metrics`.

    Paper: Fawcett, Pattern Recognition Letters 27, 2006, https://doi.org/10.1016/j.patrec.2005.10.010

    Example:
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
    """Precision-recall curve of labels (N,) and scores (N,): one point a distinct score.

    At threshold t: precision = TP / (TP + FP) and recall = TP / P of the images with score >= t, so
    tied images make one point. No point is invented at recall 0, where precision is undefined.
    `average_precision` is the sum of its steps.

    Raises:
        ValueError: as `image_metrics`.

    Paper: Davis and Goadrich, ICML 2006, https://doi.org/10.1145/1143844.1143874

    Example:
        >>> curve = pr_curve([0, 0, 1, 1], [1, 2, 2, 3])
        >>> [round(p, 3) for p in curve.precision.tolist()], curve.recall.tolist()
        ([1.0, 0.667, 0.5], [0.5, 1.0, 1.0])
    """
    thresholds, tp, fp = _counts(*validate.image_pair(labels, scores))
    return PrCurve(precision=tp / (tp + fp), recall=tp / tp[-1], thresholds=thresholds)


def _counts(truth: Bools, scores: Floats) -> tuple[Floats, Counts, Counts]:
    """Return all distinct scores downwards, and TP and FP at each."""
    order = np.argsort(scores)[::-1]
    ranked = scores[order]
    ends = np.flatnonzero(np.concatenate((ranked[1:] != ranked[:-1], [True])))
    tp = np.cumsum(truth[order])[ends]
    return ranked[ends], tp, ends + 1 - tp
