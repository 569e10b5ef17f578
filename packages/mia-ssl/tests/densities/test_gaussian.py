"""The Gaussian density against golden values, scikit-learn and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from mia_ssl import GaussianDensity
from sklearn.covariance import LedoitWolf


def test_golden_scores(golden):
    values = golden("two-stage")
    density = GaussianDensity().fit(values["train_embedding"])
    scores = density.score(values["test_embedding"])
    np.testing.assert_allclose(scores, values["gde_score"], rtol=1e-5)


def test_agrees_with_scikit_learns_ledoit_wolf():
    rng = np.random.default_rng(0)
    train, test = rng.normal(size=(50, 8)), rng.normal(size=(9, 8))
    oracle = np.sqrt(LedoitWolf().fit(train).mahalanobis(test))
    scores = GaussianDensity(l2_normalize=False).fit(train).score(test)
    np.testing.assert_allclose(scores, oracle, rtol=1e-8)


def test_positive_definite_with_fewer_embeddings_than_dimensions():
    rng = np.random.default_rng(1)
    train = rng.normal(size=(3, 512)).astype(np.float32)
    scores = GaussianDensity().fit(train).score(rng.normal(size=(20, 512)))
    assert np.isfinite(scores).all()
    assert (scores > 0).all()


def test_scale_of_an_embedding_does_not_count_when_normalized():
    rng = np.random.default_rng(2)
    train, test = rng.normal(size=(30, 5)), rng.normal(size=(4, 5))
    density = GaussianDensity().fit(train)
    np.testing.assert_allclose(density.score(test), density.score(7 * test), rtol=1e-9)
    raw = GaussianDensity(l2_normalize=False).fit(train)
    assert (np.abs(raw.score(test) - raw.score(7 * test)) > 0.1).all()


def test_mean_scores_zero():
    train = np.random.default_rng(3).normal(size=(30, 5))
    density = GaussianDensity(l2_normalize=False).fit(train)
    np.testing.assert_allclose(density.score(train.mean(0, keepdims=True)), 0, atol=1e-12)


def test_same_embedding_over_and_over_is_refused():
    with pytest.raises(ValueError, match="singular"):
        GaussianDensity().fit(np.ones((10, 4)))


@pytest.mark.parametrize("width", [5, 512])
def test_two_embeddings_are_refused_as_their_shrunk_covariance_is_singular(width):
    train = np.random.default_rng(4).normal(size=(2, width))
    covariance = LedoitWolf().fit(train).covariance_
    assert np.linalg.matrix_rank(covariance, hermitian=True) == 1
    with pytest.raises(ValueError, match="at least 3 embeddings, got 2"):
        GaussianDensity().fit(train)
    assert np.isfinite(GaussianDensity().fit([*train, -train[0]]).score(train)).all()


def test_damaged_state_is_refused():
    state = GaussianDensity().fit(np.random.default_rng(5).normal(size=(9, 4))).state()
    with pytest.raises(ValueError, match=r"whitening \(D, D\), got \(4,\), \(4, 3\)"):
        GaussianDensity().restore({**state, "whitening": state["whitening"][:, :3]})
    with pytest.raises(ValueError, match=r"mean \(D,\)"):
        GaussianDensity().restore({**state, "mean": state["mean"][None]})
    with pytest.raises(ValueError, match="NaN"):
        GaussianDensity().restore({**state, "whitening": state["whitening"] * np.nan})
