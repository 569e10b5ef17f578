"""Summary of a metric over the training seeds of one method."""

import math
from typing import NamedTuple

from numpy.typing import ArrayLike

from mia_metrics import validate


class SeedSummary(NamedTuple):
    """Mean of a metric over seeds, with its spread.

    Attributes:
        mean: mean over the seeds.
        std: standard deviation over the seeds, with S - 1; NaN for one seed.
        low: lower end of the mean's interval; NaN for one seed.
        high: upper end of the mean's interval; NaN for one seed.
        seeds: number of seeds, S.
    """

    mean: float
    std: float
    low: float
    high: float
    seeds: int


def summarize_seeds(values: ArrayLike, *, confidence: float = 0.95) -> SeedSummary:
    """Compute the mean, standard deviation and t interval of a metric over training seeds.

    The interval is mean -+ t * std / sqrt(S), with Student's t of S - 1 degrees of freedom. It
    covers other seeds on the same test set; for other test sets see `bootstrap_interval`.

    Args:
        values: (S,) the metric of each seed.
        confidence: nominal coverage, in (0, 1).

    Returns:
        The summary.

    Raises:
        ValueError: empty input, NaN or infinity; `confidence` outside (0, 1).

    Paper: Student, Biometrika 6, 1908, https://doi.org/10.2307/2331554

    Examples:
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
