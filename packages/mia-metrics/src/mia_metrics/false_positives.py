"""False positives of a conformal threshold: how many held-out images it takes, what to expect."""

import math
from typing import NamedTuple

from mia_metrics import validate


class FlaggedShare(NamedTuple):
    """Share of new normal images that are flagged.

    Attributes:
        expected: mean over calibration sets and test sets.
        low: lower end of the interval.
        high: upper end of the interval.
    """

    expected: float
    low: float
    high: float


def least_calibration(fpr: float) -> int:
    """Compute how many held-out normal images a conformal threshold takes at least.

    That is ceil(1 / fpr - 1): with fewer, no threshold keeps the rate.

    Args:
        fpr: share of new normal images that may be flagged, in (0, 1).

    Returns:
        The number of images.

    Raises:
        ValueError: `fpr` outside (0, 1).

    Paper: Vovk, Gammerman and Shafer, 2005, https://doi.org/10.1007/b106715

    Examples:
        >>> least_calibration(0.05), least_calibration(0.1)
        (19, 9)
    """
    fpr = validate.share("fpr", fpr, closed=False)
    return max(math.ceil(1.0 / fpr - 1.0 - 1e-9), 1)


def flagged_share(
    n_calibration: int, n_new: int, *, fpr: float = 0.05, level: float = 0.95
) -> FlaggedShare:
    """Compute how many of new normal images a conformal threshold flags, by chance alone.

    `normal_threshold(..., conformal=True)` is just above the k-th smallest of N calibration scores.
    Where calibration and new images are exchangeable and no two scores are equal, the number of
    flagged ones among n new images has a beta-binomial distribution with the parameters
    (N + 1 - k, k): the calibration set is drawn by chance as well as the new images. Ties flag
    fewer.

    Args:
        n_calibration: N, the number of calibration images.
        n_new: n, the number of new normal images.
        fpr: the rate that the threshold is for, in (0, 1).
        level: probability that the interval holds the share, in (0, 1); both tails alike.

    Returns:
        The expected share and the ends of the interval, in [0, 1].

    Raises:
        ValueError: `fpr` or `level` outside (0, 1), fewer than 1 new image, or fewer calibration
            images than `least_calibration(fpr)`.

    Paper: Vovk, ACML 2012, https://proceedings.mlr.press/v25/vovk12.html

    Examples:
        >>> share = flagged_share(19, 100)
        >>> share.expected, share.low, round(share.high, 2)
        (0.05, 0.0, 0.19)
    """
    from scipy.stats import betabinom  # a second, which importing the package need not wait for

    level = validate.share("level", level, closed=False)
    least = least_calibration(fpr)
    if n_calibration < least:
        msg = f"expected at least {least} calibration images for fpr {fpr}, got {n_calibration}"
        raise ValueError(msg)
    if n_new < 1:
        msg = f"expected at least 1 new image, got {n_new}"
        raise ValueError(msg)
    k = math.ceil((1.0 - fpr) * (n_calibration + 1) - 1e-9)
    law = betabinom(n_new, n_calibration + 1 - k, k)
    tail = (1.0 - level) / 2.0
    low, high = (float(law.ppf(p)) / n_new for p in (tail, 1.0 - tail))
    return FlaggedShare((n_calibration + 1 - k) / (n_calibration + 1), low, high)
