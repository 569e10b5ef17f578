"""The summary over seeds against scipy."""

import math

import mia_metrics as mm
import numpy as np
import pytest
from scipy import stats


@pytest.mark.parametrize("confidence", [0.5, 0.95])
def test_summary_equals_scipy(confidence):
    values = np.random.default_rng(0).random(5)
    summary = mm.summarize_seeds(values, confidence=confidence)
    error = stats.sem(values)
    low, high = stats.t.interval(confidence, 4, loc=values.mean(), scale=error)
    expected = (values.mean(), values.std(ddof=1), low, high, 5)
    assert summary == pytest.approx(expected)


def test_one_seed_has_a_mean_but_no_spread():
    summary = mm.summarize_seeds([0.7])
    assert summary.mean == 0.7
    assert summary.seeds == 1
    assert all(math.isnan(value) for value in (summary.std, summary.low, summary.high))


def test_float32_values_are_summed_in_float64():
    values = np.array([0.1, 0.2, 0.4], np.float32)
    assert mm.summarize_seeds(values).mean == values.astype(float).mean()


def test_bad_values_are_refused():
    with pytest.raises(ValueError, match="expected values to be finite, got NaN"):
        mm.summarize_seeds([0.5, math.nan])
    with pytest.raises(ValueError, match="expected values to contain at least one value"):
        mm.summarize_seeds([])
