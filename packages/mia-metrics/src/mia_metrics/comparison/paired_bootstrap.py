"""Paired bootstrap test of two detectors on the same images."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mia_metrics import validate
from mia_metrics.uncertainty.interval import two_sided
from mia_metrics.uncertainty.resampled_metric import Metric, checked, difference_bounds
from mia_metrics.uncertainty.seed_variance import EFFECTS, Resampled, resample_detectors


class Comparison(NamedTuple):
    """Result of a paired test of two detectors, a and b.

    Attributes:
        estimate_a: metric of a.
        estimate_b: metric of b.
        difference: a - b.
        low: lower end of the difference's interval.
        high: upper end of the difference's interval.
        confidence: nominal coverage of the interval, in (0, 1).
        p_value: two-sided, in (0, 1].
    """

    estimate_a: float
    estimate_b: float
    difference: float
    low: float
    high: float
    confidence: float
    p_value: float


def compare(
    truth: ArrayLike,
    scores_a: ArrayLike,
    scores_b: ArrayLike,
    *,
    metric: Metric = "auroc",
    confidence: float = 0.95,
    n_resamples: int = 1000,
    trainings: str = "random",
    seed: int = 0,
) -> Comparison:
    """Test two detectors against each other on the same images by the paired bootstrap.

    Both are evaluated on the same resamples, of normal and abnormal images separately. With d the
    difference a - b of the metric and d* that of a resample, the interval is the percentile
    interval of d*, and p = (1 + number of |d* - d| >= |d|) / (1 + n_resamples): how often
    resampling alone moves the difference by as much as d. Values equal to |d| count. Detectors with
    the same ranking have p = 1.

    Args:
        truth: labels (N,), or masks (N, H, W), of which whole images are resampled.
        scores_a: scores (N,) or maps (N, H, W) of the first detector, or those of several training
            runs, as in `bootstrap_interval`.
        scores_b: those of the second detector.
        metric: as in `bootstrap_interval`.
        confidence: nominal coverage of the interval, in (0, 1).
        n_resamples: number of resamples, at least 2; the smallest p-value is 1 / (1 + n_resamples).
        trainings: as in `bootstrap_interval`. The training runs of the two detectors are not
            paired, and their numbers may differ: the difference is shifted by Welch's t of both.
        seed: the same seed gives the same result.

    Returns:
        The difference with its interval and p-value.

    Raises:
        ValueError: as `bootstrap_interval`.

    Paper: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 16; Welch,
        Biometrika 34, 1947, https://doi.org/10.1093/biomet/34.1-2.28

    Examples:
        >>> labels = [0] * 20 + [1] * 20
        >>> good, poor = [*range(20), *range(15, 35)], [*range(20), *range(20)]
        >>> result = compare(labels, good, poor, n_resamples=500)
        >>> round(result.difference, 3), result.low > 0, result.p_value < 0.01
        (0.469, True, True)
    """
    confidence = validate.share("confidence", confidence, closed=False)
    n_resamples = validate.at_least("n_resamples", n_resamples, 2)
    validate.one_of("trainings", trainings, EFFECTS)
    seed = validate.at_least("seed", seed, 0)
    known, both = checked(metric, truth, [("scores_a", scores_a), ("scores_b", scores_b)])
    found = resample_detectors(
        metric, known, both, trainings=trainings, n_resamples=n_resamples, seed=seed
    )
    return comparison_of(found, confidence, metric)


def comparison_of(found: Resampled, confidence: float, metric: Metric) -> Comparison:
    """Compare the two detectors of a set of resampled metrics."""
    (a, b), differences = found.estimates, found.differences(1)[0]
    low, high = np.quantile(differences, two_sided(confidence)).clip(*difference_bounds(metric))
    p_value = paired_p_value(differences, a - b)
    ends = float(low), float(high)
    return Comparison(float(a), float(b), float(a - b), *ends, confidence, p_value)


def paired_p_value(resampled: NDArray[np.float64], difference: float) -> float:
    """Compute the two-sided p-value of a difference from its resampled values, (B,)."""
    # The allowance treats values as equal that differ by rounding alone.
    as_far = np.count_nonzero(np.abs(resampled - difference) >= abs(difference) - 1e-12)
    return (1 + int(as_far)) / (1 + resampled.size)
