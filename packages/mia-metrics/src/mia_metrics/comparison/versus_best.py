"""Paired tests of many detectors against the best of them on the same images."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from mia_metrics import validate
from mia_metrics.comparison.holm import holm
from mia_metrics.comparison.paired_bootstrap import paired_p_value
from mia_metrics.uncertainty.interval import two_sided
from mia_metrics.uncertainty.resampled_metric import Metric, bounds, checked, difference_bounds
from mia_metrics.uncertainty.seed_variance import EFFECTS, Resampled, resample_detectors


class VersusBest(NamedTuple):
    """Metric of a detector with its interval, and its difference to the best detector.

    Attributes:
        estimate: the metric.
        low: lower end of its interval.
        high: upper end of its interval.
        difference: the metric minus that of the best detector; 0 for the best.
        difference_low: lower end of the difference's interval.
        difference_high: upper end of the difference's interval.
        p_value: two-sided p-value of the difference; 1 for the best.
        adjusted: p-value after Holm's correction for the tests of all detectors but the best.
        is_best: whether this is the best detector; the first one, if several are equal.
    """

    estimate: float
    low: float
    high: float
    difference: float
    difference_low: float
    difference_high: float
    p_value: float
    adjusted: float
    is_best: bool


def compare_with_best(
    truth: ArrayLike,
    scores: Mapping[str, ArrayLike],
    *,
    metric: Metric = "auroc",
    confidence: float = 0.95,
    n_resamples: int = 1000,
    higher_is_better: bool = True,
    trainings: str = "random",
    seed: int = 0,
) -> dict[str, VersusBest]:
    """Test every detector against the best one on the same images.

    The intervals are those of `bootstrap_interval`, the differences and p-values those of
    `compare`, all on the same resamples at the cost of one bootstrap; p-values are adjusted by
    Holm. With several `random` training runs, three or more detectors share their degrees of
    freedom: each one's variance over its runs is shrunk toward those of the others (Smyth). The
    best is picked on the same images, so a detector that is not significantly worse may be the
    best; it has not been shown to be as good.

    Args:
        truth: labels (N,), or masks (N, H, W), of which whole images are resampled.
        scores: for each detector scores (N,) or maps (N, H, W), or those of several training runs,
            (S, N) or (S, N, H, W), as in `bootstrap_interval`.
        metric: as in `bootstrap_interval`.
        confidence: nominal coverage of each interval, in (0, 1).
        n_resamples: number of resamples, at least 2; the smallest adjusted p-value is
            1 / (1 + n_resamples) times the number of detectors but the best.
        higher_is_better: False for metrics such as `fpr_at_95_tpr`.
        trainings: as in `bootstrap_interval`.
        seed: the same seed gives the same result.

    Returns:
        For each detector its interval and test, in the order of `scores`.

    Raises:
        ValueError: as `bootstrap_interval`; no detector.

    Paper: Holm, Scandinavian Journal of Statistics 6, 1979, https://www.jstor.org/stable/4615733;
        Smyth, Statistical Applications in Genetics and Molecular Biology 3, 2004,
        https://doi.org/10.2202/1544-6115.1027

    Examples:
        >>> labels = [0] * 20 + [1] * 20
        >>> scores = {"good": [*range(20), *range(15, 35)], "poor": [*range(20), *range(20)]}
        >>> found = compare_with_best(labels, scores, n_resamples=500)
        >>> found["good"].is_best, found["poor"].adjusted < 0.01
        (True, True)
    """
    confidence = validate.share("confidence", confidence, closed=False)
    n_resamples = validate.at_least("n_resamples", n_resamples, 2)
    seed = validate.at_least("seed", seed, 0)
    validate.one_of("trainings", trainings, EFFECTS)
    validate.named("scores", scores, "detector")
    named = [(f"scores[{name!r}]", values) for name, values in scores.items()]
    known, arrays = checked(metric, truth, named)
    found = resample_detectors(
        metric, known, arrays, trainings=trainings, n_resamples=n_resamples, seed=seed
    )
    return versus_best(scores, found, confidence, metric, higher_is_better=higher_is_better)


def versus_best(
    names: Iterable[str],
    found: Resampled,
    confidence: float,
    metric: Metric,
    *,
    higher_is_better: bool = True,
) -> dict[str, VersusBest]:
    """Test every detector of a set of resampled metrics against the best one."""
    estimates = found.estimates
    best = int(np.argmax(estimates if higher_is_better else -estimates))
    differences, offsets = found.differences(best), estimates - estimates[best]
    p_values = np.array(
        [paired_p_value(row, offset) for row, offset in zip(differences, offsets, strict=True)]
    )
    others = np.arange(len(estimates)) != best
    adjusted = np.ones(len(estimates))
    if others.any():
        adjusted[others] = holm(p_values[others])
    levels = two_sided(confidence)
    ends = np.quantile(found.values(), levels, axis=1).T.clip(*bounds(metric))
    offset_ends = np.quantile(differences, levels, axis=1).T.clip(*difference_bounds(metric))
    columns = (estimates, *ends.T, offsets, *offset_ends.T, p_values, adjusted)
    rows = np.stack(columns, axis=1).tolist()
    return {
        name: VersusBest._make((*row, number == best))
        for number, (name, row) in enumerate(zip(names, rows, strict=True))
    }
