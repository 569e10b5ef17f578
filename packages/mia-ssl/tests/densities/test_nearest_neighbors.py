"""Nearest neighbors against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from mia_ssl import NearestNeighbors
from sklearn.neighbors import NearestNeighbors as Oracle

# Our metrics and scikit-learn's names of them.
METRICS = [("cosine", "cosine"), ("euclidean", "euclidean"), ("squared", "sqeuclidean")]


@pytest.mark.parametrize(("metric", "oracle"), METRICS)
@pytest.mark.parametrize("k", [1, 3])
def test_agrees_with_scikit_learn(metric, oracle, k):
    rng = np.random.default_rng(0)
    train, test = rng.normal(size=(40, 6)), rng.normal(size=(9, 6))
    distances, _ = Oracle(n_neighbors=k, metric=oracle).fit(train).kneighbors(test)
    scores = NearestNeighbors(k=k, metric=metric).fit(train).score(test)
    np.testing.assert_allclose(scores, distances.mean(1), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("metric", "oracle"), METRICS)
@pytest.mark.parametrize("k", [1, 3, 39, 60])
def test_the_normals_own_scores_leave_each_out(metric, oracle, k):
    train = np.random.default_rng(0).normal(size=(40, 6))
    if k > len(train):
        with pytest.raises(ValueError, match="at least 60 embeddings, got 40"):
            NearestNeighbors(k=k, metric=metric).fit(train)
        return
    expected = []
    for i in range(len(train)):
        others = Oracle(n_neighbors=k, metric=oracle).fit(np.delete(train, i, 0))
        expected.append(others.kneighbors(train[i : i + 1])[0].mean())
    scores = NearestNeighbors(k=k, metric=metric).fit(train).score_without_self()
    np.testing.assert_allclose(scores, expected, rtol=1e-6, atol=1e-9)


def test_wrong_settings_are_refused():
    with pytest.raises(ValueError, match="k to be a whole number, 1 or above, got 0"):
        NearestNeighbors(k=0)
    with pytest.raises(ValueError, match=r"k to be a whole number, 1 or above, got 1\.5"):
        NearestNeighbors(k=1.5)
    with pytest.raises(ValueError, match="did you mean 'cosine'"):
        NearestNeighbors(metric="cosin")
    with pytest.raises(ValueError, match="at least 5 embeddings, got 4"):
        NearestNeighbors(k=5).fit(np.ones((4, 2)))
    with pytest.raises(ValueError, match="at least 5 embeddings, got 4"):
        NearestNeighbors(k=5).restore({"points": np.ones((4, 2))})
