"""Intervals against the distribution written out, and against drawn scores."""

from __future__ import annotations

import math
from fractions import Fraction

import mia_metrics as mm
import numpy as np
import pytest
from mia_metrics.threshold import at_or_above


def law(n: int, a: int, b: int) -> list[Fraction]:
    """Probability of each count: C(n, x) B(x + a, n - x + b) / B(a, b), with whole a and b."""

    def beta(p: int, q: int) -> Fraction:
        return Fraction(math.factorial(p - 1) * math.factorial(q - 1), math.factorial(p + q - 1))

    return [math.comb(n, x) * beta(x + a, n - x + b) / beta(a, b) for x in range(n + 1)]


@pytest.mark.parametrize(
    ("calibration", "new", "fpr", "flagging"),
    [(19, 30, 0.05, 1), (39, 50, 0.1, 4), (25, 40, 0.05, 1), (200, 60, 0.05, 10)],
)
def test_the_interval_is_that_of_the_distribution(calibration, new, fpr, flagging):
    # `flagging` of the calibration + 1 places in the order lie above the threshold.
    chances = law(new, flagging, calibration + 1 - flagging)
    assert sum(chances) == 1
    below = np.cumsum([float(chance) for chance in chances])
    low, high = (int(np.argmax(below >= p)) for p in (0.025, 0.975))
    found = mm.flagged_share(calibration, new, fpr=fpr)
    assert found == pytest.approx((flagging / (calibration + 1), low / new, high / new))
    mean = sum(x * chance for x, chance in enumerate(chances)) / new
    assert found.expected == pytest.approx(float(mean))


def test_drawn_scores_lie_in_the_interval_as_often_as_it_says():
    rng = np.random.default_rng(0)
    low, high = mm.flagged_share(60, 100, fpr=0.1, level=0.9)[1:]
    inside, shares = 0, []
    for _ in range(2000):
        threshold = mm.normal_threshold(rng.normal(size=60), quantile=0.9, conformal=True)
        shares.append(at_or_above(rng.normal(size=100), threshold).mean())
        inside += low - 1e-9 <= shares[-1] <= high + 1e-9
    assert np.mean(shares) == pytest.approx(6 / 61, abs=0.005)  # as expected, below the rate
    assert 0.88 < inside / 2000 < 0.96  # counts are whole, so the interval is a little wide


@pytest.mark.parametrize("fpr", [0.5, 0.1, 0.07, 0.05, 0.03, 0.01, 0.001])
def test_the_least_number_is_the_first_that_has_a_threshold(fpr):
    least = mm.least_calibration(fpr)
    mm.normal_threshold(np.arange(least), quantile=1 - fpr, conformal=True)
    if least > 1:
        with pytest.raises(ValueError, match=f"at least {least}"):
            mm.normal_threshold(np.arange(least - 1), quantile=1 - fpr, conformal=True)
        with pytest.raises(ValueError, match=f"expected at least {least} calibration images"):
            mm.flagged_share(least - 1, 10, fpr=fpr)


@pytest.mark.parametrize("wrong", [{"fpr": 0.0}, {"fpr": 1.0}, {"level": 1.5}])
def test_shares_are_between_0_and_1(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        mm.flagged_share(100, 100, **wrong)
    with pytest.raises(ValueError, match="at least 1 new image, got 0"):
        mm.flagged_share(100, 0)
