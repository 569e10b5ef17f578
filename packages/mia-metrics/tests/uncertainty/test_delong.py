"""DeLong against its definition by all pairs, and against the bootstrap."""

import math

import mia_metrics as mm
import numpy as np
import pytest


def kernel(truth, scores):
    """Matrix of 1, 1/2 or 0 of every abnormal image against every normal one."""
    a, n = scores[truth][:, None], scores[~truth][None, :]
    return (a > n) + 0.5 * (a == n)


def covariance(truth, first, second):
    x, y = kernel(truth, first), kernel(truth, second)
    over_abnormal = np.cov(x.mean(1), y.mean(1))[0, 1] / truth.sum()
    return over_abnormal + np.cov(x.mean(0), y.mean(0))[0, 1] / (~truth).sum()


@pytest.mark.parametrize("levels", [2, 6, None])
@pytest.mark.parametrize("seed", range(5))
def test_variance_equals_its_definition(images, seed, levels):
    truth, scores = images(seed, levels=levels)
    expected = covariance(truth, scores, scores)
    assert mm.delong_variance(truth, scores) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("levels", [2, 6, None])
@pytest.mark.parametrize("seed", range(5))
def test_paired_test_equals_its_definition(images, seed, levels):
    truth, first = images(seed, levels=levels)
    second = first * 0.5 + np.random.default_rng(seed + 100).standard_normal(first.size)
    difference = kernel(truth, first).mean() - kernel(truth, second).mean()
    variance = covariance(truth, first, first) + covariance(truth, second, second)
    variance -= 2 * covariance(truth, first, second)
    z = difference / math.sqrt(variance)
    result = mm.delong_test(truth, first, second)
    assert result.auroc_a == pytest.approx(mm.auroc(truth, first))
    assert result.auroc_b == pytest.approx(mm.auroc(truth, second))
    assert result.difference == pytest.approx(difference)
    assert result.standard_error == pytest.approx(math.sqrt(variance))
    assert result.z == pytest.approx(z)
    assert result.p_value == pytest.approx(math.erfc(abs(z) / math.sqrt(2)))


def test_standard_error_is_close_to_that_of_the_bootstrap(images):
    truth, scores = images(0, size=1000)
    interval = mm.bootstrap_interval(truth, scores, n_resamples=4000, confidence=0.6827)
    bootstrap = (interval.high - interval.low) / 2
    assert math.sqrt(mm.delong_variance(truth, scores)) == pytest.approx(bootstrap, rel=0.05)


@pytest.mark.parametrize("scale", ["linear", "logit"])
def test_interval_covers_the_true_auroc(scale):
    truth = np.arange(80) >= 40
    rng = np.random.default_rng(1)
    true_auroc = 0.5 * math.erfc(-1.5 / 2)  # normal scores, 1.5 apart
    covered = 0
    for _ in range(1000):
        scores = rng.standard_normal(80) + 1.5 * truth
        interval = mm.delong_interval(truth, scores, confidence=0.9, scale=scale)
        covered += interval.low <= true_auroc <= interval.high
    assert 0.87 <= covered / 1000 <= 0.93


def test_linear_interval_is_the_estimate_with_its_error(images):
    truth, scores = images(2)
    interval = mm.delong_interval(truth, scores)
    reach = 1.959963984540054 * math.sqrt(mm.delong_variance(truth, scores))
    expected = mm.auroc(truth, scores)
    assert interval == pytest.approx((expected, expected - reach, expected + reach, 0.95))


def test_perfect_separation_and_equal_rankings():
    labels = [0, 0, 1, 1]
    assert mm.delong_interval(labels, [1, 2, 3, 4], scale="logit") == (1.0, 1.0, 1.0, 0.95)
    same = mm.delong_test(labels, [1, 3, 2, 4], [10, 30, 20, 40])
    assert (same.difference, same.z, same.p_value) == (0.0, 0.0, 1.0)
    opposite = mm.delong_test(labels, [1, 2, 3, 4], [4, 3, 2, 1])
    assert (opposite.difference, opposite.z, opposite.p_value) == (1.0, math.inf, 0.0)


def test_linear_interval_is_cut_to_the_unit_range():
    labels = [0, 0, 0, 1, 1, 1]
    interval = mm.delong_interval(labels, [1, 2, 4, 3, 5, 6], confidence=0.99)
    assert interval.high == 1.0
    assert interval.low > 0.0


def test_a_single_image_of_a_class_has_no_variance():
    with pytest.raises(ValueError, match="at least 2 normal and 2 abnormal"):
        mm.delong_variance([0, 0, 1], [1, 2, 3])
    with pytest.raises(ValueError, match=r"expected scale to be one of .*'logit'"):
        mm.delong_interval([0, 0, 1, 1], [1, 2, 3, 4], scale="log")
