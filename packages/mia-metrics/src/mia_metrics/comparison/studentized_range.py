"""Distribution of the range of standard normal values, of Tukey's and Nemenyi's tests.

It is the studentized range with infinite degrees of freedom. SciPy integrates anew for each value,
which takes milliseconds and an import of half a second; the tests compare both.
"""

import math

import numpy as np
from numpy.typing import NDArray

# Beyond it, the normal density is below 1e-17; the trapezoidal rule with this step is exact to
# rounding for a function that is this smooth and vanishes at both ends.
_END, _STEP = 9.0, 1 / 16

Values = NDArray[np.float64]


def range_exceeds(ranges: Values, count: int) -> Values:
    """Return the probability that the range of independent standard normal values exceeds each.

    Args:
        ranges: (P,) ranges, at least 0.
        count: number of normal values, at least 2.

    Returns:
        (P,) probabilities.
    """
    from scipy.special import ndtr

    smallest = np.arange(-_END, _END + _STEP, _STEP)
    density = np.exp(-(smallest**2) / 2.0) / math.sqrt(2.0 * math.pi)
    between = ndtr(smallest + np.asarray(ranges)[:, None]) - ndtr(smallest)
    within = count * _STEP * (between ** (count - 1) @ density)
    return np.clip(1.0 - within, 0.0, 1.0)


def range_quantile(alpha: float, count: int) -> float:
    """Return the range that independent standard normal values exceed with probability alpha.

    Args:
        alpha: probability in (0, 1).
        count: number of normal values, at least 2.
    """
    from scipy.optimize import brentq

    # No probability is as small as that of a wider range.
    return float(brentq(lambda r: float(range_exceeds(np.array([r]), count)[0]) - alpha, 0.0, 40.0))
