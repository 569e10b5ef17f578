"""Holm's correction of p-values for multiple tests."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mia_metrics import validate


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Adjust p-values for the number of tests, by Holm's method.

    From the smallest up, the k-th of M p-values (from 0) is multiplied by M - k, raised to the one
    before it if that is larger, and cut to 1. The family-wise error rate is then at most the level
    of the tests, however they depend on each other.

    Args:
        p_values: (M,) in [0, 1].

    Returns:
        The adjusted p-values, (M,), in the same order.

    Raises:
        ValueError: empty input, NaN, or a value outside [0, 1].

    Paper: Holm, Scandinavian Journal of Statistics 6, 1979, https://www.jstor.org/stable/4615733

    Examples:
        >>> holm([0.01, 0.04, 0.03]).tolist()
        [0.03, 0.06, 0.06]
    """
    raw = validate.as_scores("p_values", p_values, 1).astype(float)
    if raw.min() < 0.0 or raw.max() > 1.0:
        msg = f"expected p_values in [0, 1], got {raw.min():g} to {raw.max():g}"
        raise ValueError(msg)
    order = np.argsort(raw, kind="stable")
    adjusted = np.empty_like(raw)
    adjusted[order] = np.maximum.accumulate(raw[order] * np.arange(raw.size, 0, -1))
    return np.minimum(adjusted, 1.0)
