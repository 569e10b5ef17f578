"""Bootstrap confidence interval of any metric."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mia_metrics import validate
from mia_metrics.uncertainty.interval import Interval, two_sided
from mia_metrics.uncertainty.resample import leave_one_out, strata
from mia_metrics.uncertainty.resampled_metric import Metric, bounds, checked, evaluators, mean_of
from mia_metrics.uncertainty.seed_variance import EFFECTS, resample_detectors

INTERVALS = ("percentile", "bca")
"""Names of the bootstrap intervals."""


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
    """Compute the bootstrap confidence interval of a metric.

    Normal and abnormal images are resampled separately. There are two intervals:

    `percentile`: the quantiles (1 -+ confidence) / 2 of the resampled values, linearly
    interpolated.

    `bca`: the same with levels corrected for bias, z0 = probit of the share of resampled values
    below the estimate (ties half, kept half a resample away from 0 and 1), and for acceleration,
    from the leave-one-out values of both classes.

    If the metric does not vary at all (perfect separation), the interval is the estimate. Ties are
    treated as the metric treats them.

    Args:
        truth: labels (N,), or masks (N, H, W), of which whole images are resampled.
        scores: scores (N,) or maps (N, H, W) of one training run; or (S, N) or (S, N, H, W) of S
            runs, whose metrics are averaged, all on the same resamples.
        metric: a value of `image_metrics` (`auroc`, `ap`, `f1_max`, `fpr_at_95_tpr`,
            `sensitivity_at_95_specificity`), of `pixel_metrics` (`pixel_auroc`, `pixel_ap`,
            `best_dice`, `aupro`), or a function of (truth, scores) that returns a finite number.
            A named metric sorts once (for maps, with about eight times their memory); a function is
            called on every resample.
        confidence: nominal coverage, in (0, 1).
        n_resamples: number of resamples, at least 2.
        method: `percentile` or `bca`.
        trainings: how to treat S > 1 training runs. `random`: as a sample of all possible runs, so
            the interval covers other images and other runs; each resampled value is shifted by a
            value of Student's t with S - 1 degrees of freedom times the standard error of the mean.
            `fixed`: as the only runs of interest, so the interval covers other images only, as it
            always does for one run.
        seed: the same seed gives the same interval.

    Returns:
        The estimate and its interval.

    Raises:
        ValueError: as `image_metrics` or `pixel_metrics`; an unknown metric or method; with `bca`,
            a class with a single image, or several `random` training runs; a metric that is not
            finite.

    Paper: Efron, JASA 82, 1987, https://doi.org/10.1080/01621459.1987.10478410; two samples:
        Davison and Hinkley, Bootstrap Methods and their Application, 1997, section 5.3

    Examples:
        >>> labels = [0] * 20 + [1] * 20
        >>> scores = [*range(20), *range(10, 30)]
        >>> interval = bootstrap_interval(labels, scores, n_resamples=200, seed=1)
        >>> interval.estimate, interval.low < 0.875 < interval.high
        (0.875, True)
    """
    confidence = validate.share("confidence", confidence, closed=False)
    n_resamples = validate.at_least("n_resamples", n_resamples, 2)
    validate.one_of("method", method, INTERVALS)
    validate.one_of("trainings", trainings, EFFECTS)
    seed = validate.at_least("seed", seed, 0)
    known, (values,) = checked(metric, truth, [("scores", scores)])
    if method == "bca" and trainings == "random" and values.ndim > known.ndim and len(values) > 1:
        msg = f"expected method 'percentile' or trainings 'fixed' for {len(values)} training runs, "
        msg += f"got {method!r} and {trainings!r}"
        raise ValueError(msg)
    found = resample_detectors(
        metric, known, [values], trainings=trainings, n_resamples=n_resamples, seed=seed
    )
    (estimate,), (resampled,) = found.estimates, found.values()
    levels = two_sided(confidence)
    if method == "bca":
        parts = strata(known)
        mean = mean_of(evaluators(metric, parts, known, values))
        levels = _bca_levels(levels, estimate, resampled, leave_one_out(parts, mean))
    low, high = np.quantile(resampled, levels).clip(*bounds(metric))
    return Interval(float(estimate), float(low), float(high), confidence)


def _bca_levels(
    levels: NDArray[np.float64],
    estimate: float,
    resampled: NDArray[np.float64],
    left_out: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> NDArray[np.float64]:
    """Correct the levels of a percentile interval for bias and acceleration."""
    from scipy.special import ndtr, ndtri

    below = np.count_nonzero(resampled < estimate) + 0.5 * np.count_nonzero(resampled == estimate)
    count = resampled.size
    bias = ndtri(np.clip(below / count, 0.5 / count, 1.0 - 0.5 / count))
    shifted = bias + ndtri(levels)
    return ndtr(bias + shifted / (1.0 - _acceleration(left_out) * shifted))


def _acceleration(left_out: tuple[NDArray[np.float64], NDArray[np.float64]]) -> float:
    """Return the acceleration of two samples from leave-one-out values; 0 if nothing varies."""
    cubes = squares = 0.0
    for values in left_out:
        if values.size:
            influence = (values.size - 1) * (values.mean() - values) / values.size
            cubes += float((influence**3).sum())
            squares += float((influence**2).sum())
    return cubes / (6.0 * squares**1.5) if squares > 0.0 else 0.0
