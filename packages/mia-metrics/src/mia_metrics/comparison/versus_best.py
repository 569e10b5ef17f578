"""Many detectors on the same images: each one's interval, and its paired test against the best."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from mia_metrics import validate
from mia_metrics.comparison.holm import holm
from mia_metrics.uncertainty.bootstrap import paired_p_value
from mia_metrics.uncertainty.resampled_metric import Metric, bounds, checked, difference_bounds
from mia_metrics.uncertainty.seed_variance import EFFECTS, Resampled, resample_detectors


class VersusBest(NamedTuple):
    """A detector's metric with its interval, and its difference to the best of all detectors.

    Attributes:
        estimate: the metric.
        low: lower end of its interval.
        high: upper end of its interval.
        difference: estimate - that of the best; 0 for the best itself.
        difference_low: lower end of the difference's interval.
        difference_high: upper end of the difference's interval.
        p_value: two-sided p-value of the difference; 1 for the best.
        adjusted: the same after Holm's correction for all the detectors beside the best.
        is_best: whether this is the best; the first of equals is.
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
    """Test every detector against the best one on the same images, all on the same resamples.

    The intervals are those of `bootstrap_interval` and the differences and p-values those of
    `compare`, at the cost of one bootstrap; p-values are adjusted by Holm. Of several trainings
    (`random`), three and more detectors lend each other degrees of freedom: each one's variance
    over its trainings is drawn towards those of the others (Smyth). The best is found on the
    same images, so a detector that is not significantly worse is one that may as well be the best;
    it has not been shown to be as good.

    Args:
        truth: labels (N,), or masks (N, H, W); then whole images are resampled.
        scores: for each detector scores (N,) or maps (N, H, W), or those of several trainings,
            (S, N) or (S, N, H, W); see `bootstrap_interval`.
        metric: as in `bootstrap_interval`.
        confidence: in (0, 1), of each interval alone.
        n_resamples: how many; an adjusted p-value can be no smaller than that of one test,
            1 / (1 + n_resamples), times the number of the others.
        higher_is_better: False for metrics such as `fpr_at_95_tpr`.
        trainings: as in `bootstrap_interval`.
        seed: the same seed gives the same result.

    Returns:
        In the order of `scores`.

    Raises:
        ValueError: as `bootstrap_interval`; no detector at all.

    Paper: Holm, Scandinavian Journal of Statistics 6, 1979, https://www.jstor.org/stable/4615733;
        Smyth, Statistical Applications in Genetics and Molecular Biology 3, 2004,
        https://doi.org/10.2202/1544-6115.1027

    Example:
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
    """Test every detector against the best of them."""
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
    levels = [(1.0 - confidence) / 2.0, (1.0 + confidence) / 2.0]
    ends = np.quantile(found.values(), levels, axis=1).T.clip(*bounds(metric))
    offset_ends = np.quantile(differences, levels, axis=1).T.clip(*difference_bounds(metric))
    columns = (estimates, *ends.T, offsets, *offset_ends.T, p_values, adjusted)
    rows = np.stack(columns, axis=1).tolist()
    return {
        name: VersusBest._make((*row, number == best))
        for number, (name, row) in enumerate(zip(names, rows, strict=True))
    }
