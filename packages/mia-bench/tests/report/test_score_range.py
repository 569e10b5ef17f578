"""A few extreme scores do not squeeze a histogram, and the page says where they are."""

from __future__ import annotations

import numpy as np
import pytest
from mia_bench.report.score_range import WIDEST, score_range

NORMAL = np.linspace(10, 20, 41)


def test_without_outliers_all_is_inside_and_there_is_nothing_to_say():
    found = score_range(NORMAL, NORMAL + 5)
    assert (found.low, found.high, found.note) == (10, 25, "")


def test_one_outlier_leaves_the_others_their_room():
    found = score_range(NORMAL, np.append(NORMAL, 5000.0))
    assert (found.low, found.high) == (10, 20)
    expected = "holds 1 image that scores above 20, up to 5e+03."
    assert found.note == f"The last bar of the histogram {expected}"


def test_normal_scores_keep_a_quarter_of_the_width_however_far_all_others_are():
    found = score_range(NORMAL, NORMAL * 1000)
    assert (found.high - found.low) / (20 - 10) <= WIDEST + 1e-9
    assert "41 images that score above 50" in found.note


def test_low_outliers_are_told_too():
    found = score_range(NORMAL, np.array([-1e6, 11.0, 12.0, 13.0, 14.0]))
    assert found.low == 10
    assert found.note == "The first bar holds 1 image that scores below 10, down to -1e+06."


def test_the_threshold_is_inside():
    assert score_range(NORMAL, NORMAL, least_high=70).high == 70


@pytest.mark.parametrize("value", [0.0, -3.5])
def test_equal_scores_have_a_range(value):
    found = score_range(np.full(5, value), np.full(3, value))
    assert found.low == value
    assert found.high > found.low
    assert found.note == ""
