"""Record of a metric with its confidence interval."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Interval(NamedTuple):
    """Estimate with its two-sided confidence interval.

    Attributes:
        estimate: the metric of the data as they are.
        low: lower end of the interval.
        high: upper end of the interval.
        confidence: nominal coverage, in (0, 1).
    """

    estimate: float
    low: float
    high: float
    confidence: float


def two_sided(confidence: float) -> NDArray[np.float64]:
    """Return the two quantile levels, (2,), that leave (1 - confidence) / 2 on either side."""
    return np.array([1.0 - confidence, 1.0 + confidence]) / 2.0
