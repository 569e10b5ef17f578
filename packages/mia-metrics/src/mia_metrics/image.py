"""Image-level metrics of labels (N,) and scores (N,); a higher score means more abnormal."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mia_metrics import validate
from mia_metrics.ranking import (
    AtThreshold,
    Ranking,
    ap_of,
    auroc_of,
    f1_of,
    fpr_reaching,
    max_f1,
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
"""Image-level metrics, (...,), of one ranking or of a batch of resampled rankings."""


def image_metrics(labels: ArrayLike, scores: ArrayLike) -> dict[str, float]:
    """Compute all image-level metrics from one ranking of the images.

    Args:
        labels: (N,) 0 normal, 1 abnormal (or 0/255, or booleans).
        scores: (N,) finite, higher = more abnormal.

    Returns:
        `auroc`, `ap`, and the oracle metrics (`ORACLE_METRICS`, which choose a threshold with the
        test labels) `f1_max`, `f1_max_threshold`, `fpr_at_95_tpr` and
        `sensitivity_at_95_specificity`. Each is defined in the function that computes it alone.

    Raises:
        ValueError: different lengths, one class only, NaN or infinity, other labels, empty input.

    Examples:
        >>> metrics = image_metrics([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
        >>> round(metrics["auroc"], 3), round(metrics["ap"], 3)
        (0.75, 0.833)
    """
    ranking = rank(*validate.image_pair(labels, scores))
    metrics = {name: float(formula(ranking)) for name, formula in FORMULAS.items()}
    return {**metrics, "f1_max_threshold": max_f1(ranking).threshold}


def auroc(labels: ArrayLike, scores: ArrayLike) -> float:
    """Compute the area under the ROC curve.

    It is P(score of an abnormal image > score of a normal one) + P(equal) / 2 over all such pairs,
    so a tie counts half. 0.5 is chance.

    Args:
        labels: (N,) 0 normal, 1 abnormal (or 0/255, or booleans).
        scores: (N,) finite, higher = more abnormal.

    Returns:
        The area, in [0, 1].

    Raises:
        ValueError: as `image_metrics`.

    Paper: Hanley and McNeil, Radiology 143, 1982, https://doi.org/10.1148/radiology.143.1.7063747

    Examples:
        >>> auroc([0, 0, 1, 1], [1, 2, 2, 3])
        0.875
    """
    return float(auroc_of(rank(*validate.image_pair(labels, scores))))


def average_precision(labels: ArrayLike, scores: ArrayLike) -> float:
    """Compute the average precision (AP).

    It is the sum over the distinct scores, from the highest down, of (recall - previous recall) *
    precision, without interpolation. Tied images are flagged together, with the precision after the
    whole tie. Chance is the share of abnormal images.

    Args:
        labels: (N,) 0 normal, 1 abnormal (or 0/255, or booleans).
        scores: (N,) finite, higher = more abnormal.

    Returns:
        The average precision, in (0, 1].

    Raises:
        ValueError: as `image_metrics`.

    Paper: Davis and Goadrich, ICML 2006, https://doi.org/10.1145/1143844.1143874

    Examples:
        >>> average_precision([0, 1, 0, 1], [1, 2, 3, 4])
        0.8333333333333333
    """
    return float(ap_of(rank(*validate.image_pair(labels, scores))))


def f1_max(labels: ArrayLike, scores: ArrayLike) -> AtThreshold:
    """Find the highest F1 over all thresholds (an oracle metric).

    F1 = 2 TP / (2 TP + FP + FN). Tied images are flagged together.

    Args:
        labels: (N,) 0 normal, 1 abnormal (or 0/255, or booleans).
        scores: (N,) finite, higher = more abnormal.

    Returns:
        The highest F1 and its threshold: the highest one, if several reach it.

    Raises:
        ValueError: as `image_metrics`.

    Paper: van Rijsbergen, Information Retrieval, 1979 (the F measure)

    Examples:
        >>> f1_max([0, 1, 0, 1], [1, 2, 3, 4])
        AtThreshold(value=0.8, threshold=2.0)
    """
    return max_f1(rank(*validate.image_pair(labels, scores)))


def sensitivity_at_specificity(
    labels: ArrayLike, scores: ArrayLike, *, specificity: float = 0.95
) -> AtThreshold:
    """Find the highest sensitivity at a given specificity or better (an oracle metric).

    sensitivity = TP / P, specificity = 1 - FP / N. Only points of the ROC curve count, without
    interpolation; tied images are flagged together.

    Args:
        labels: (N,) 0 normal, 1 abnormal (or 0/255, or booleans).
        scores: (N,) finite, higher = more abnormal.
        specificity: the lowest specificity allowed, in [0, 1].

    Returns:
        The sensitivity and its threshold; 0 at `inf` if no threshold that flags an abnormal image
        is specific enough.

    Raises:
        ValueError: as `image_metrics`; `specificity` outside [0, 1].

    Paper: Fawcett, Pattern Recognition Letters 27, 2006, https://doi.org/10.1016/j.patrec.2005.10.010

    Examples:
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
    """Find the highest specificity at a given sensitivity or better (an oracle metric).

    The counterpart of `sensitivity_at_specificity`.

    Args:
        labels: (N,) 0 normal, 1 abnormal (or 0/255, or booleans).
        scores: (N,) finite, higher = more abnormal.
        sensitivity: the lowest sensitivity allowed, in [0, 1].

    Returns:
        The specificity and its threshold; 1 at `inf` for a sensitivity of 0.

    Raises:
        ValueError: as `image_metrics`; `sensitivity` outside [0, 1].

    Paper: Fawcett, Pattern Recognition Letters 27, 2006, https://doi.org/10.1016/j.patrec.2005.10.010

    Examples:
        >>> specificity_at_sensitivity([0, 0, 1, 1], [1, 3, 2, 4], sensitivity=1.0)
        AtThreshold(value=0.5, threshold=2.0)
    """
    fpr, threshold = fpr_at_tpr(labels, scores, tpr=validate.share("sensitivity", sensitivity))
    return AtThreshold(1.0 - fpr, threshold)


def fpr_at_tpr(labels: ArrayLike, scores: ArrayLike, *, tpr: float = 0.95) -> AtThreshold:
    """Find the lowest FPR at a given true positive rate or better (an oracle metric).

    FPR = FP / N, TPR = TP / P; at a TPR of 0.95 it is known as FPR95. Only points of the ROC curve
    count, without interpolation; tied images are flagged together.

    Args:
        labels: (N,) 0 normal, 1 abnormal (or 0/255, or booleans).
        scores: (N,) finite, higher = more abnormal.
        tpr: the lowest true positive rate allowed, in [0, 1].

    Returns:
        The false positive rate and its threshold; 0 at `inf` for a `tpr` of 0.

    Raises:
        ValueError: as `image_metrics`; `tpr` outside [0, 1].

    Paper: Hendrycks et al., ICLR 2019, https://arxiv.org/abs/1812.04606

    Examples:
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
