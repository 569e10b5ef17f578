"""The range's distribution against SciPy's, and its quantile."""

import numpy as np
import pytest
from mia_metrics.comparison.studentized_range import range_exceeds, range_quantile
from scipy.stats import studentized_range


@pytest.mark.parametrize("count", [2, 3, 10, 40])
def test_range_exceeds_equals_scipy(count):
    ranges = np.array([0.0, 0.01, 0.5, 1.7, 3.3, 4.1, 6.0, 9.0, 30.0])
    expected = studentized_range.sf(ranges, count, np.inf)
    np.testing.assert_allclose(range_exceeds(ranges, count), expected, atol=1e-12)


@pytest.mark.parametrize("count", [2, 10, 40])
@pytest.mark.parametrize("alpha", [0.5, 0.05, 1e-6])
def test_range_quantile_is_exceeded_with_that_probability(count, alpha):
    quantile = range_quantile(alpha, count)
    assert studentized_range.sf(quantile, count, np.inf) == pytest.approx(alpha, rel=1e-5)


def test_tukeys_table():
    # Nemenyi's critical values of Demsar 2006, table 5, alpha = .05: q / sqrt(2).
    critical = [range_quantile(0.05, count) / np.sqrt(2) for count in (2, 5, 10)]
    np.testing.assert_allclose(critical, [1.960, 2.728, 3.164], atol=6e-4)
