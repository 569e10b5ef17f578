"""Nearest neighbors against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from mia_ssl import NearestNeighbors
from sklearn.neighbors import NearestNeighbors as Oracle


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("k", [1, 3])
def test_agrees_with_scikit_learn(metric, k):
    rng = np.random.default_rng(0)
    train, test = rng.normal(size=(40, 6)), rng.normal(size=(9, 6))
    distances, _ = Oracle(n_neighbors=k, metric=metric).fit(train).kneighbors(test)
    scores = NearestNeighbors(k=k, metric=metric).fit(train).score(test)
    np.testing.assert_allclose(scores, distances.mean(1), rtol=1e-9, atol=1e-12)


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
