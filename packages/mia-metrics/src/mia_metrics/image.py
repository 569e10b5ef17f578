"""Image-level metrics of labels (N,) and scores (N,), higher scores meaning more abnormal."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mia_metrics import validate
from mia_metrics.oracle import AtThreshold
from mia_metrics.ranking import (
    Ranking,
    ap_of,
    auroc_of,
    f1_of,
    fpr_reaching,
    rank,
    sensitivity_within,
)

FORMULAS: dict[str, Callable[[Ranking], NDArray[np.float64]]] = {
    "auroc": auroc_of,
    "ap": ap_of,
    "f1_max": lambda ranking: f1_of(ranking).max(-1),
    "fpr_at_95_tpr": lambda ranking: fpr_reaching(ranking, 0.95).min(-1),
    "sensitivity_at_95_specificity": lambda ranking: sensitivity_within(ranking, 0.95).max(-1),
}
"""Values of image-level metrics, (...,), from one ranking or from those of a batch of resamples."""


def image_metrics(labels: ArrayLike, scores: ArrayLike) -> dict[str, float]:
    """Compute the image-level metrics from one ranking.

    Args:
        labels: (N,) 0 normal, 1 abnormal (or 0/255, or booleans).
        scores: (N,) finite, higher = more abnormal.

    Returns:
        `auroc`, `ap`; and, choosing a threshold with the test labels (`ORACLE_METRICS`), `f1_max`,
        `f1_max_threshold`, `fpr_at_95_tpr`, `sensitivity_at_95_specificity`. Each is defined at the
        function of its own.

    Raises:
        ValueError: lengths that differ, one class only, NaN or infinity, other labels, empty input.

    Example:
        >>> metrics = image_metrics([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
        >>> round(metrics["auroc"], 3), round(metrics["ap"], 3)
        (0.75, 0.833)
    """
    ranking = rank(*validate.image_pair(labels, scores))
    metrics = {name: float(formula(ranking)) for name, formula in FORMULAS.items()}
    return {**metrics, "f1_max_threshold": max_f1(ranking).threshold}


def auroc(labels: ArrayLike, scores: ArrayLike) -> float:
    """Area under the ROC curve of labels (N,) and scores (N,).

    P(score of an abnormal image > score of a normal one) + P(equal) / 2 over all such pairs: a tie
    counts half. 0.5 is chance.

    Raises:
        ValueError: as `image_metrics`.

    Paper: Hanley and McNeil, Radiology 143, 1982, https://doi.org/10.1148/radiology.143.1.7063747

    Example:
        >>> auroc([0, 0, 1, 1], [1, 2, 2, 3])
        0.875
    """
    return float(auroc_of(rank(*validate.image_pair(labels, scores))))


def average_precision(labels: ArrayLike, scores: ArrayLike) -> float:
    """Average precision (AP) of labels (N,) and scores (N,).

    Sum over the distinct scores, downwards, of (recall - previous recall) * precision, without
    interpolation. Tied images enter together, with the precision after the whole tie. Chance is the
    share of abnormal images.

    Raises:
        ValueError: as `image_metrics`.

    Paper: Davis and Goadrich, ICML 2006, https://doi.org/10.1145/1143844.1143874

    Example:
        >>> average_precision([0, 1, 0, 1], [1, 2, 3, 4])
        0.8333333333333333
    """
    return float(ap_of(rank(*validate.image_pair(labels, scores))))


def f1_max(labels: ArrayLike, scores: ArrayLike) -> AtThreshold:
    """Highest F1 = 2 TP / (2 TP + FP + FN) over all thresholds, and where: an oracle metric.

    Ties are called together. Of thresholds with the same F1 the highest is returned.

    Raises:
        ValueError: as `image_metrics`.

    Paper: van Rijsbergen, Information Retrieval, 1979 (the F measure)

    Example:
        >>> f1_max([0, 1, 0, 1], [1, 2, 3, 4])
        AtThreshold(value=0.8, threshold=2.0)
    """
    return max_f1(rank(*validate.image_pair(labels, scores)))


def sensitivity_at_specificity(
    labels: ArrayLike, scores: ArrayLike, *, specificity: float = 0.95
) -> AtThreshold:
    """Highest sensitivity among the thresholds with at least this specificity: an oracle metric.

    sensitivity = TP / P, specificity = 1 - FP / N. The ROC curve is taken at its points, without
    interpolation; ties are called together. Where no threshold that calls an abnormal image
    qualifies: 0 at `inf`.

    Raises:
        ValueError: as `image_metrics`; `specificity` outside [0, 1].

    Paper: Fawcett, Pattern Recognition Letters 27, 2006, https://doi.org/10.1016/j.patrec.2005.10.010

    Example:
        >>> sensitivity_at_specificity([0, 0, 1, 1], [1, 3, 2, 4], specificity=1.0)
        AtThreshold(value=0.5, threshold=4.0)
    """
    specificity = validate.share("specificity", specificity)
    ranking = rank(*validate.image_pair(labels, scores))
    reached = sensitivity_within(ranking, specificity)
    best = int(np.argmax(reached))
    if reached[best] == 0.0:
        return AtThreshold(0.0, math.inf)
    return AtThreshold(float(reached[best]), float(ranking.thresholds[best]))


def specificity_at_sensitivity(
    labels: ArrayLike, scores: ArrayLike, *, sensitivity: float = 0.95
) -> AtThreshold:
    """Highest specificity among the thresholds with at least this sensitivity: an oracle metric.

    The mirror of `sensitivity_at_specificity`; a sensitivity of 0 gives 1 at `inf`.

    Raises:
        ValueError: as `image_metrics`; `sensitivity` outside [0, 1].

    Paper: Fawcett, Pattern Recognition Letters 27, 2006, https://doi.org/10.1016/j.patrec.2005.10.010

    Example:
        >>> specificity_at_sensitivity([0, 0, 1, 1], [1, 3, 2, 4], sensitivity=1.0)
        AtThreshold(value=0.5, threshold=2.0)
    """
    fpr, threshold = fpr_at_tpr(labels, scores, tpr=validate.share("sensitivity", sensitivity))
    return AtThreshold(1.0 - fpr, threshold)


def fpr_at_tpr(labels: ArrayLike, scores: ArrayLike, *, tpr: float = 0.95) -> AtThreshold:
    """Lowest FPR = FP / N among the thresholds with TP / P >= `tpr`: an oracle metric.

    Known as FPR95. The ROC curve is taken at its points, without interpolation; ties are called
    together; a `tpr` of 0 gives 0 at `inf`.

    Raises:
        ValueError: as `image_metrics`; `tpr` outside [0, 1].

    Paper: Hendrycks et al., ICLR 2019, https://arxiv.org/abs/1812.04606

    Example:
        >>> fpr_at_tpr([0, 0, 1, 1], [1, 3, 2, 4])
        AtThreshold(value=0.5, threshold=2.0)
    """
    tpr = validate.share("tpr", tpr)
    ranking = rank(*validate.image_pair(labels, scores))
    if tpr == 0.0:
        return AtThreshold(0.0, math.inf)
    reached = fpr_reaching(ranking, tpr)
    best = int(np.argmin(reached))
    return AtThreshold(float(reached[best]), float(ranking.thresholds[best]))


def max_f1(ranking: Ranking) -> AtThreshold:
    """Highest F1 of a ranking (Dice, of pixels) and the highest threshold that reaches it."""
    f1 = f1_of(ranking)
    best = int(np.argmax(f1))
    return AtThreshold(float(f1[best]), float(ranking.thresholds[best]))
