"""A metric over the seeds of one method."""

import math
from typing import NamedTuple

from numpy.typing import ArrayLike

from mia_metrics import validate


class SeedSummary(NamedTuple):
    """Mean over seeds, standard deviation (n - 1), and the interval of the mean."""

    mean: float
    std: float
    low: float
    high: float
    seeds: int


def summarize_seeds(values: ArrayLike, *, confidence: float = 0.95) -> SeedSummary:
    """Mean, standard deviation and t interval of one value a seed, (S,).

    mean -+ t * std / sqrt(S), with Student's t of S - 1 degrees of freedom. It says how the mean
    over training seeds varies on this test set; how the test set varies is `bootstrap_interval`.
    A single seed says nothing about spread: std, low and high are NaN then.

    Raises:
        ValueError: empty input, NaN or infinity; `confidence` outside (0, 1).

    Paper: Student, Biometrika 6, 1908, https://doi.org/10.2307/2331554

    Example:
        >>> summary = summarize_seeds([0.80, 0.82, 0.84])
        >>> [round(value, 3) for value in summary]
        [0.82, 0.02, 0.77, 0.87, 3]
    """
    from scipy.special import stdtrit

    confidence = validate.share("confidence", confidence, closed=False)
    each = validate.as_scores("values", values, 1).astype(float)
    mean, count = float(each.mean()), each.size
    if count == 1:
        return SeedSummary(mean, math.nan, math.nan, math.nan, count)
    std = float(each.std(ddof=1))
    reach = float(stdtrit(count - 1, (1.0 + confidence) / 2.0)) * std / math.sqrt(count)
    return SeedSummary(mean, std, mean - reach, mean + reach, count)
