"""The kernel density against golden values and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from mia_ssl import KernelDensity
from mia_ssl.densities import embeddings
from sklearn.neighbors import KernelDensity as Oracle


def test_golden_scores(golden):
    values = golden("two-stage")
    density = KernelDensity().fit(values["train_embedding"])
    scores = density.score(values["test_embedding"])
    np.testing.assert_allclose(scores, values["kde_score"], rtol=1e-6)


@pytest.mark.parametrize("bandwidth", [0.3, 1.0, 2.5])
def test_agrees_with_scikit_learn(bandwidth):
    rng = np.random.default_rng(0)
    train, test = rng.normal(size=(40, 6)), rng.normal(size=(9, 6))
    oracle = -Oracle(bandwidth=bandwidth).fit(train).score_samples(test)
    density = KernelDensity(bandwidth=bandwidth, l2_normalize=False).fit(train)
    np.testing.assert_allclose(density.score(test), oracle, rtol=1e-8)


def test_far_points_do_not_underflow():
    density = KernelDensity(l2_normalize=False).fit(np.zeros((3, 2)))
    far = density.score(np.array([[100.0, 0.0]]))
    np.testing.assert_allclose(far, 100**2 / 2 + np.log(2 * np.pi), rtol=1e-12)


def test_blocks_of_queries_change_nothing(monkeypatch):
    rng = np.random.default_rng(1)
    density = KernelDensity().fit(rng.normal(size=(40, 6)))
    test = rng.normal(size=(9, 6))
    whole = density.score(test)
    monkeypatch.setattr(embeddings, "_BLOCK", 80)  # two queries at a time
    np.testing.assert_allclose(density.score(test), whole, rtol=1e-12)


def test_bandwidth_must_be_above_zero():
    with pytest.raises(ValueError, match="bandwidth to be above 0, got 0"):
        KernelDensity(bandwidth=0)
    with pytest.raises(ValueError, match="bandwidth to be above 0, got 'wide'"):
        KernelDensity(bandwidth="wide")
    with pytest.raises(ValueError, match="bandwidth to be finite, got inf"):
        KernelDensity(bandwidth=float("inf"))
