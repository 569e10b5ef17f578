"""Bootstrap intervals of any metric, and the paired bootstrap test of two detectors."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mia_metrics import validate
from mia_metrics.uncertainty.resample import leave_one_out, strata
from mia_metrics.uncertainty.resampled_metric import (
    Metric,
    bounds,
    checked,
    difference_bounds,
    evaluators,
    mean_of,
)
from mia_metrics.uncertainty.seed_variance import EFFECTS, Resampled, resample_detectors

METHODS = ("percentile", "bca")


class Interval(NamedTuple):
    """An estimate and its two-sided confidence interval."""

    estimate: float
    low: float
    high: float
    confidence: float


class Comparison(NamedTuple):
    """Two detectors on the same images: difference a - b, its interval, and a two-sided p-value."""

    estimate_a: float
    estimate_b: float
    difference: float
    low: float
    high: float
    confidence: float
    p_value: float


def bootstrap_interval(
    truth: ArrayLike,
    scores: ArrayLike,
    *,
    metric: Metric = "auroc",
    confidence: float = 0.95,
    n_resamples: int = 1000,
    method: str = "percentile",
    trainings: str = "random",
    seed: int = 0,
) -> Interval:
    """Bootstrap interval of a metric, normal and abnormal images resampled apart.

    `percentile`: the quantiles (1 -+ confidence) / 2 of the resampled values, linearly
    interpolated. `bca`: these levels moved for bias, z0 = probit of the share of resampled values
    below the estimate (ties half, kept half a resample away from 0 and 1), and for acceleration,
    from leave-one-out values of both strata. Where the metric does not vary at all (perfect
    separation) the interval is the estimate. Ties are treated as the metric treats them.

    Args:
        truth: labels (N,), or masks (N, H, W); then whole images are resampled.
        scores: scores (N,), or maps (N, H, W); or those of several trainings, (S, N) or
            (S, N, H, W): then the metric is the mean of each training's, all on the same resamples.
        metric: a value of `image_metrics` (`auroc`, `ap`, `f1_max`, `fpr_at_95_tpr`,
            `sensitivity_at_95_specificity`), of `pixel_metrics` (`pixel_auroc`, `pixel_ap`,
            `best_dice`, `aupro`), or a function of (truth, scores) that returns a finite number.
            The named ones sort once (of maps, with about eight times their memory); a function is
            called on every resample.
        confidence: in (0, 1).
        n_resamples: how many; at least 2.
        method: `percentile` or `bca`.
        trainings: what S > 1 trainings are. `random`: some of all that there could be, so the
            interval is of other images and other trainings; each resampled value is moved by a
            value of Student's t with S - 1 degrees of freedom, times the standard error of their
            mean. `fixed`: all that matter, so the interval is of other images alone, as it always
            is of one training.
        seed: the same seed gives the same interval.

    Raises:
        ValueError: as `image_metrics` or `pixel_metrics`; an unknown metric or method; with `bca`,
            fewer than two images in a stratum that has any, or several trainings that are
            `random`; a metric that is not finite.

    Paper: Efron, JASA 82, 1987, https://doi.org/10.1080/01621459.1987.10478410; two samples:
        Davison and Hinkley, Bootstrap Methods and their Application, 1997, section 5.3

    Example:
        >>> labels = [0] * 20 + [1] * 20
        >>> scores = [*range(20), *range(10, 30)]
        >>> interval = bootstrap_interval(labels, scores, n_resamples=200, seed=1)
        >>> interval.estimate, interval.low < 0.875 < interval.high
        (0.875, True)
    """
    confidence = validate.share("confidence", confidence, closed=False)
    n_resamples = validate.at_least("n_resamples", n_resamples, 2)
    validate.one_of("method", method, METHODS)
    validate.one_of("trainings", trainings, EFFECTS)
    seed = validate.at_least("seed", seed, 0)
    known, (values,) = checked(metric, truth, [("scores", scores)])
    if method == "bca" and trainings == "random" and values.ndim > known.ndim and len(values) > 1:
        msg = f"expected method 'percentile' or trainings 'fixed' for {len(values)} trainings"
        raise ValueError(msg)
    found = resample_detectors(
        metric, known, [values], trainings=trainings, n_resamples=n_resamples, seed=seed
    )
    (estimate,), (resampled,) = found.estimates, found.values()
    levels = np.array([1.0 - confidence, 1.0 + confidence]) / 2.0
    if method == "bca":
        parts = strata(known)
        mean = mean_of(evaluators(metric, parts, known, values))
        levels = _bca_levels(levels, estimate, resampled, leave_one_out(parts, mean))
    low, high = np.quantile(resampled, levels).clip(*bounds(metric))
    return Interval(float(estimate), float(low), float(high), confidence)


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
    """Paired bootstrap test of two detectors' scores of the same images.

    Both are judged on the same stratified resamples. With d the difference a - b of the metric and
    d* that of a resample, the interval is that of the percentiles of d*, and
    p = (1 + number of |d* - d| >= |d|) / (1 + n_resamples): how often chance alone, centred at
    no difference, goes as far. Equal values at the borders count. Detectors of the same ranking
    have p = 1.

    Args:
        truth: labels (N,), or masks (N, H, W); then whole images are resampled.
        scores_a: scores (N,) or maps (N, H, W) of the first detector, or those of several
            trainings, as in `bootstrap_interval`.
        scores_b: those of the second.
        metric: as in `bootstrap_interval`.
        confidence: in (0, 1).
        n_resamples: how many; the smallest p-value is 1 / (1 + n_resamples).
        trainings: as in `bootstrap_interval`; those of the two detectors are not paired, and need
            not be as many: the difference is moved by Welch's t of both.
        seed: the same seed gives the same result.

    Raises:
        ValueError: as `bootstrap_interval`.

    Paper: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 16; Welch,
        Biometrika 34, 1947, https://doi.org/10.1093/biomet/34.1-2.28

    Example:
        >>> labels = [0] * 20 + [1] * 20
        >>> good, poor = [*range(20), *range(15, 35)], [*range(20), *range(20)]
        >>> result = compare(labels, good, poor, n_resamples=500)
        >>> round(result.difference, 3), result.low > 0, result.p_value < 0.01
        (0.469, True, True)
    """
    confidence = validate.share("confidence", confidence, closed=False)
    n_resamples = validate.at_least("n_resamples", n_resamples, 2)
    seed = validate.at_least("seed", seed, 0)
    validate.one_of("trainings", trainings, EFFECTS)
    known, both = checked(metric, truth, [("scores_a", scores_a), ("scores_b", scores_b)])
    found = resample_detectors(
        metric, known, both, trainings=trainings, n_resamples=n_resamples, seed=seed
    )
    return comparison(found, confidence, difference_bounds(metric))


def comparison(found: Resampled, confidence: float, limits: tuple[float, float]) -> Comparison:
    """The difference of two detectors, which lies within the limits."""
    (a, b), differences = found.estimates, found.differences(1)[0]
    levels = [(1.0 - confidence) / 2.0, (1.0 + confidence) / 2.0]
    low, high = np.quantile(differences, levels).clip(*limits)
    p_value = paired_p_value(differences, a - b)
    ends = float(low), float(high)
    return Comparison(float(a), float(b), float(a - b), *ends, confidence, p_value)


def paired_p_value(resampled: NDArray[np.float64], difference: float) -> float:
    """How often resampled differences (B,) lie as far from the difference as it lies from 0."""
    # The allowance counts as equal what differs by rounding alone.
    as_far = np.count_nonzero(np.abs(resampled - difference) >= abs(difference) - 1e-12)
    return (1 + int(as_far)) / (1 + resampled.size)


def _bca_levels(
    levels: NDArray[np.float64],
    estimate: float,
    resampled: NDArray[np.float64],
    left_out: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> NDArray[np.float64]:
    """Move the levels of a percentile interval for bias and acceleration."""
    from scipy.special import ndtr, ndtri

    below = np.count_nonzero(resampled < estimate) + 0.5 * np.count_nonzero(resampled == estimate)
    count = resampled.size
    bias = ndtri(np.clip(below / count, 0.5 / count, 1.0 - 0.5 / count))
    shifted = bias + ndtri(levels)
    return ndtr(bias + shifted / (1.0 - _acceleration(left_out) * shifted))


def _acceleration(left_out: tuple[NDArray[np.float64], NDArray[np.float64]]) -> float:
    """Acceleration of several samples from their leave-one-out values; 0 where nothing varies."""
    cubes = squares = 0.0
    for values in left_out:
        if values.size:
            influence = (values.size - 1) * (values.mean() - values) / values.size
            cubes += float((influence**3).sum())
            squares += float((influence**2).sum())
    return cubes / (6.0 * squares**1.5) if squares > 0.0 else 0.0
