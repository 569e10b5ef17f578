"""DeLong's variance of the AUROC without resampling: interval and paired test."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mia_metrics import validate
from mia_metrics.uncertainty.interval import Interval
from mia_metrics.validate import Bools, Floats

Placements = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Placements V10 of the abnormal images, (P,), and V01 of the normal images, (N,)."""

SCALES = ("linear", "logit")
"""Scales on which the interval can be symmetric."""


class DelongTest(NamedTuple):
    """Result of DeLong's paired test of two AUROCs, a and b.

    Attributes:
        auroc_a: AUROC of a.
        auroc_b: AUROC of b.
        difference: a - b.
        standard_error: standard error of the difference.
        z: difference / standard error.
        p_value: two-sided, in [0, 1].
    """

    auroc_a: float
    auroc_b: float
    difference: float
    standard_error: float
    z: float
    p_value: float


def delong_variance(labels: ArrayLike, scores: ArrayLike) -> float:
    """Compute DeLong's variance of the AUROC.

    It is var(V10) / P + var(V01) / N, where the placements V10 are the shares of normal images
    below each abnormal one and V01 the shares of abnormal images above each normal one, ties
    counting half, and variances are taken with n - 1. Two sorts are enough, O(n log n).

    Args:
        labels: (N,) 0 normal, 1 abnormal (or 0/255, or booleans).
        scores: (N,) finite, higher = more abnormal.

    Returns:
        The variance.

    Raises:
        ValueError: as `image_metrics`; fewer than two images of a class.

    Paper: DeLong, DeLong and Clarke-Pearson, Biometrics 44, 1988, https://doi.org/10.2307/2531595;
        fast form: Sun and Xu, IEEE SPL 21, 2014, https://doi.org/10.1109/LSP.2014.2337313

    Examples:
        >>> delong_variance([0, 0, 1, 1], [1, 3, 2, 4])
        0.125
    """
    truth, values = validate.image_pair(labels, scores)
    return float(_covariance([_placements(truth, values)])[0, 0])


def delong_interval(
    labels: ArrayLike, scores: ArrayLike, *, confidence: float = 0.95, scale: str = "linear"
) -> Interval:
    """Compute DeLong's confidence interval of the AUROC.

    If the variance is 0 (perfect separation), the interval is the estimate. Ties count half.

    Args:
        labels: (N,) 0 normal, 1 abnormal (or 0/255, or booleans).
        scores: (N,) finite, higher = more abnormal.
        confidence: nominal coverage, in (0, 1).
        scale: `linear` for AUROC -+ z * se, clipped to [0, 1]; `logit` for the same on the log-odds
            of the AUROC, with se / (AUROC (1 - AUROC)) by the delta method, transformed back, which
            stays inside (0, 1) and has better coverage near its ends.

    Returns:
        The AUROC and its interval.

    Raises:
        ValueError: as `delong_variance`; `confidence` outside (0, 1); an unknown scale.

    Paper: as `delong_variance`; logit: Pepe, The Statistical Evaluation of Medical Tests, 2003

    Examples:
        >>> interval = delong_interval([0, 0, 0, 1, 1, 1], [1, 2, 4, 3, 5, 6], scale="logit")
        >>> [round(value, 3) for value in interval]
        [0.889, 0.261, 0.995, 0.95]
    """
    from scipy.special import expit, logit, ndtri

    confidence = validate.share("confidence", confidence, closed=False)
    validate.one_of("scale", scale, SCALES)
    truth, values = validate.image_pair(labels, scores)
    placements = _placements(truth, values)
    estimate = float(placements[0].mean())
    error = math.sqrt(_covariance([placements])[0, 0])
    reach = float(ndtri((1.0 + confidence) / 2.0)) * error
    if error == 0.0:
        low = high = estimate
    elif scale == "linear":
        low, high = max(estimate - reach, 0.0), min(estimate + reach, 1.0)
    else:
        reach /= estimate * (1.0 - estimate)
        low, high = (float(expit(logit(estimate) + side * reach)) for side in (-1.0, 1.0))
    return Interval(estimate, low, high, confidence)


def delong_test(labels: ArrayLike, scores_a: ArrayLike, scores_b: ArrayLike) -> DelongTest:
    """Test two detectors' AUROCs on the same images against each other, by DeLong's paired test.

    z = (AUROC_a - AUROC_b) / se, with the variance of the difference from the covariance of both
    detectors' placements; p is two-sided, from the normal distribution. Ties count half. If the
    difference does not vary at all, p is 1 for equal AUROCs and 0 (with z infinite) for others.

    Args:
        labels: (N,) 0 normal, 1 abnormal (or 0/255, or booleans).
        scores_a: (N,) finite scores of the first detector.
        scores_b: (N,) finite scores of the second detector.

    Returns:
        The AUROCs and the test of their difference.

    Raises:
        ValueError: as `delong_variance`.

    Paper: as `delong_variance`

    Examples:
        >>> result = delong_test([0, 0, 0, 1, 1, 1], [1, 2, 4, 3, 5, 6], [1, 5, 6, 2, 3, 4])
        >>> round(result.difference, 3), round(result.p_value, 3)
        (0.556, 0.077)
    """
    from scipy.special import ndtr

    truth, first = validate.image_pair(labels, scores_a, names=("labels", "scores_a"))
    second = validate.as_scores("scores_b", scores_b, 1)
    validate.same_shape("labels", truth, "scores_b", second)
    placements = [_placements(truth, values) for values in (first, second)]
    a, b = (float(abnormal.mean()) for abnormal, _ in placements)
    covariance = _covariance(placements)
    variance = covariance[0, 0] + covariance[1, 1] - 2.0 * covariance[0, 1]
    difference = a - b
    # Below this, rounding alone makes up the variance of two detectors of one ranking.
    error = math.sqrt(variance) if variance > 1e-15 else 0.0
    if error == 0.0:
        z = 0.0 if abs(difference) < 1e-12 else math.copysign(math.inf, difference)
    else:
        z = difference / error
    return DelongTest(a, b, difference, error, z, float(2.0 * ndtr(-abs(z))))


def _placements(truth: Bools, scores: Floats) -> Placements:
    """Return V10 of the abnormal images, (P,), and V01 of the normal ones, (N,)."""
    abnormal, normal = scores[truth], scores[~truth]
    return _share_below(normal, abnormal), 1.0 - _share_below(abnormal, normal)


def _share_below(reference: Floats, values: Floats) -> NDArray[np.float64]:
    """Return the share of `reference` below each value, ties counting half."""
    ordered = np.sort(reference)
    below, not_above = (np.searchsorted(ordered, values, side=side) for side in ("left", "right"))
    return (below + not_above) / (2.0 * ordered.size)


def _covariance(placements: list[Placements]) -> NDArray[np.float64]:
    """Return the covariance matrix of several detectors' AUROCs on the same images."""
    total = np.zeros((len(placements), len(placements)))
    for stratum in zip(*placements, strict=True):
        size = stratum[0].size
        if size < 2:
            msg = "expected labels with at least 2 normal and 2 abnormal images, got 1 of a class"
            raise ValueError(msg)
        total += np.atleast_2d(np.cov(np.stack(stratum))) / size
    return total
