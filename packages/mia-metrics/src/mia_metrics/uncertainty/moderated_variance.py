"""Moderated variances, for many detectors with few training runs each."""

import numpy as np
from numpy.typing import NDArray

from mia_metrics.uncertainty.resample import Values

LEAST = 3  # smallest number of variances whose spread can be estimated


def moderate(variances: Values, degrees: NDArray[np.intp]) -> tuple[Values, Values]:
    """Shrink variances toward their common value, by empirical Bayes.

    The true variances are modeled as draws from a scaled inverse chi-squared distribution, whose d0
    degrees of freedom and scale s0^2 are estimated from the mean and the spread of the logarithms.
    A variance s^2 of d degrees of freedom becomes (d0 s0^2 + d s^2) / (d0 + d), with d0 + d degrees
    of freedom, at most those of all variances together. A variance of 0 or without degrees of
    freedom (of a detector that is not trained, or was trained once) is left as it is and does not
    affect the others.

    Args:
        variances: (D,) unbiased sample variances.
        degrees: (D,) degrees of freedom of each.

    Returns:
        The moderated variances, (D,), and their degrees of freedom, (D,).

    Paper: Smyth, Statistical Applications in Genetics and Molecular Biology 3, 2004,
        https://doi.org/10.2202/1544-6115.1027
    """
    from scipy.special import digamma, polygamma

    moderated, freedom = variances.astype(float), degrees.astype(float)
    usable = (variances > 0.0) & (degrees > 0)
    if usable.sum() < LEAST:
        return moderated, freedom
    own, half = variances[usable], degrees[usable] / 2.0
    logs = np.log(own) - digamma(half) + np.log(half)
    excess = float(logs.var(ddof=1) - polygamma(1, half).mean())
    if excess <= 0.0:  # they differ no more than equal ones would
        moderated[usable] = np.average(own, weights=half)
        freedom[usable] = 2.0 * half.sum()
        return moderated, freedom
    prior = _trigamma_inverse(excess)
    scale = np.exp(logs.mean() + digamma(prior) - np.log(prior))
    moderated[usable] = (prior * scale + half * own) / (prior + half)
    freedom[usable] = 2.0 * np.minimum(prior + half, half.sum())
    return moderated, freedom


def _trigamma_inverse(value: float) -> float:
    """Return the x at which the trigamma function, which falls from infinity to 0, has a value."""
    from scipy.optimize import brentq
    from scipy.special import polygamma

    # trigamma(x) lies between 1 / x and 1 / x + 1 / x^2
    low, high = 1.0 / (1.0 + value), 2.0 / value + 2.0
    return float(brentq(lambda x: float(polygamma(1, x)) - value, low * 1e-3, high * 1e3))
