"""Holm's adjusted p-values against their definition, and their family-wise error."""

import mia_metrics as mm
import numpy as np
import pytest


def by_definition(p_values):
    """Adjusted: the largest, over all no larger p-values, of its multiple; cut to 1."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    multiples = [(len(p_values) - k) * p_values[i] for k, i in enumerate(order)]
    adjusted = [0.0] * len(p_values)
    for k, i in enumerate(order):
        adjusted[i] = min(1.0, max(multiples[: k + 1]))
    return adjusted


def test_equals_the_definition():
    rng = np.random.default_rng(0)
    for size in (1, 2, 7, 30):
        raw = rng.random(size) ** 3
        np.testing.assert_allclose(mm.holm(raw), by_definition(raw.tolist()), rtol=1e-12)


def test_family_wise_error_is_kept_under_the_null():
    raw = np.random.default_rng(1).random((4000, 6))
    wrong = np.mean([(mm.holm(row) < 0.05).any() for row in raw])
    assert 0.035 < wrong < 0.06


@pytest.mark.parametrize("bad", [[], [0.5, 1.2], [-0.1], [float("nan")], [[0.1]]])
def test_bad_p_values_are_refused(bad):
    with pytest.raises(ValueError, match="p_values"):
        mm.holm(bad)
