"""Moderated variances: shrunk toward their common value, as far as they have one."""

import numpy as np
import pytest
from mia_metrics.uncertainty.moderated_variance import moderate
from scipy import stats


def drawn(prior, scale, degrees, count=4000, seed=0):
    """True and sample variances of the model: scale * prior / chi2(prior), and its samples."""
    rng = np.random.default_rng(seed)
    true = scale * prior / rng.chisquare(prior, count)
    return true, true * rng.chisquare(degrees, count) / degrees


@pytest.mark.parametrize("prior", [2, 5, 20])
def test_the_priors_degrees_and_scale_are_found(prior):
    _, sample = drawn(prior, 0.3, 3, count=400_000)
    moderated, freedom = moderate(sample, np.full(sample.size, 3))
    np.testing.assert_allclose(freedom - 3, prior, rtol=0.1)
    # What is added to d s^2 is d0 s0^2.
    added = moderated * freedom - 3 * sample
    np.testing.assert_allclose(added / (freedom - 3), 0.3, rtol=0.05)


def test_moderated_t_has_the_tails_of_its_degrees():
    true, sample = drawn(4, 1.0, 2)
    moderated, freedom = moderate(sample, np.full(sample.size, 2))
    deviates = np.random.default_rng(1).normal(0, np.sqrt(true)) / np.sqrt(moderated)
    assert stats.kstest(deviates, stats.t(freedom[0]).cdf).pvalue > 0.01
    rejected = np.mean(np.abs(deviates) > stats.t(freedom[0]).ppf(0.995))
    assert 0.006 < rejected < 0.014


def test_they_are_nearer_to_the_truth_than_the_samples():
    true, sample = drawn(4, 1.0, 2)
    moderated, _ = moderate(sample, np.full(sample.size, 2))
    assert np.median(np.abs(np.log(moderated / true))) < np.median(np.abs(np.log(sample / true)))


def test_equal_variances_are_pooled():
    rng = np.random.default_rng(3)
    degrees = np.array([2, 3, 4, 2, 3])
    sample = np.full(5, 0.25) * rng.uniform(0.95, 1.05, 5)
    moderated, freedom = moderate(sample, degrees)
    np.testing.assert_allclose(moderated, np.average(sample, weights=degrees))
    np.testing.assert_array_equal(freedom, degrees.sum())


def test_what_is_not_trained_is_left_out_and_left_alone():
    _, sample = drawn(4, 1.0, 2, count=30)
    degrees = np.full(30, 2)
    alone = moderate(sample, degrees)
    moderated, freedom = moderate(np.r_[0.0, sample, 0.0], np.r_[0, degrees, 2])
    np.testing.assert_array_equal(moderated, np.r_[0.0, alone[0], 0.0])
    np.testing.assert_array_equal(freedom, np.r_[0, alone[1], 2])


def test_two_variances_say_nothing_of_their_spread():
    moderated, freedom = moderate(np.array([0.1, 0.4]), np.array([2, 2]))
    assert (moderated.tolist(), freedom.tolist()) == ([0.1, 0.4], [2.0, 2.0])


@pytest.mark.parametrize("exponent", [-200, 0, 200])
def test_any_scale_gives_the_same_degrees(exponent):
    _, sample = drawn(3, 1.0, 2, count=50)
    moderated, freedom = moderate(sample, np.full(50, 2))
    other, same = moderate(sample * 2.0**exponent, np.full(50, 2))
    np.testing.assert_allclose(other, moderated * 2.0**exponent)
    np.testing.assert_allclose(same, freedom)
