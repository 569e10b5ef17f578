"""Detectors that were trained several times: one mean for each, in every resample of the images."""

import zlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mia_metrics.evaluators import Metric, evaluators, mean_of
from mia_metrics.moderation import moderate
from mia_metrics.resample import Evaluator, Strata, Values, bootstrap_values, strata, whole
from mia_metrics.validate import Bools, Floats

EFFECTS = ("random", "fixed")
ROUNDING = 1e-9  # trainings that differ by no more are equal


class Resampled(NamedTuple):
    """Metrics of detectors, (D,), and the same in every resample, (D, n_resamples)."""

    estimates: Values
    values: Values


def resample_detectors(
    metric: Metric,
    truth: Bools,
    scores: Sequence[Floats],
    *,
    trainings: str,
    n_resamples: int,
    seed: int,
) -> Resampled:
    """Judge detectors by the mean over their trainings, all on the same resamples.

    With `trainings="random"` each value is moved, too, by how far the mean of S trainings may lie
    from that of all possible ones: Student's t of S - 1 degrees of freedom times their standard
    error, for each detector on its own. One training has no spread to tell that by. Three and more
    detectors lend each other degrees of freedom (`moderate`).
    """
    parts = strata(truth)
    each = [evaluators(metric, parts, truth, values) for values in scores]
    found = [_estimates(parts, own) for own in each]
    means = [mean_of(own) for own in each]
    values = bootstrap_values(parts, means, n_resamples=n_resamples, seed=seed)
    if trainings == "random":
        counts = np.array([own.size for own in found])
        spread = np.array([own.var(ddof=1) if np.ptp(own) > ROUNDING else 0.0 for own in found])
        variances, degrees = moderate(spread, counts - 1)
        errors = np.sqrt(variances / counts)
        for row, own, error, freedom in zip(values, found, errors, degrees, strict=True):
            row += _shifts(own, float(error), float(freedom), n_resamples, seed)
    return Resampled(np.array([own.mean() for own in found]), values)


def _estimates(parts: Strata, own: Sequence[Evaluator]) -> Values:
    return np.array([whole(parts, evaluator) for evaluator in own])


def _shifts(own: Values, error: float, degrees: float, count: int, seed: int) -> Values:
    """Evenly spaced quantiles of Student's t, shuffled, times the standard error of the mean.

    The order depends on the seed and the detector's own estimates alone: it is the same beside
    whichever others, and a detector does not differ from itself.
    """
    from scipy.special import stdtrit

    if error == 0.0:
        return np.zeros(count)
    stream = np.random.default_rng([seed, zlib.crc32(own.round(9).tobytes())])
    return stdtrit(degrees, (stream.permutation(count) + 0.5) / count) * error
