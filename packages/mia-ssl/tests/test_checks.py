"""Checks of options: what they refuse, and what they make of what they take."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from mia_ssl.checks import check_between, check_pair, counts


@pytest.mark.parametrize("value", [(1, 2), [1, 2], (np.int64(1), np.float32(2))])
def test_pairs_become_tuples_of_plain_numbers(value):
    record = SimpleNamespace(size=value)
    check_pair(record, "size", low=1, high=2)
    assert record.size == (1, 2)
    assert [type(n) for n in record.size] == [float, float]


def test_whole_pairs_stay_whole():
    record = SimpleNamespace(size=[np.int64(1), 2])
    check_pair(record, "size", low=0, whole=True)
    assert repr(record.size) == "(1, 2)"


@pytest.mark.parametrize(
    "value",
    [
        *(5, "ab", None, (1,), (1, 2, 3), ("a", "b"), (True, 2), (2, 1), (0.5, 2), (1, 4)),
        *((1, float("nan")), (1, float("inf"))),
    ],
)
def test_other_pairs_are_refused(value):
    with pytest.raises(ValueError, match=r"size to be two numbers \(1 <= least <= largest <= 3\)"):
        check_pair(SimpleNamespace(size=value), "size", low=1, high=3)


def test_low_end_can_be_left_out():
    with pytest.raises(ValueError, match=r"\(0 < least <= largest\), got \(0, 1\)"):
        check_pair(SimpleNamespace(size=(0, 1)), "size", low=0, above_low=True)


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan"), "x", None, True])
def test_numbers_outside_are_refused(value):
    check_between(0, 1, share=0, other=1.0)
    with pytest.raises(ValueError, match="share to be in 0 to 1, got "):
        check_between(0, 1, share=value)


def test_counts_are_whole_numbers_above_zero():
    assert repr(counts("head", [np.int64(5), 2])) == "(5, 2)"
    with pytest.raises(ValueError, match="head to be a tuple of whole numbers, got 'ab'"):
        counts("head", "ab")
    with pytest.raises(ValueError, match=r"head\[1\] to be a whole number, 1 or above, got 0"):
        counts("head", (1, 0))
