"""What every density promises: clear errors, and a state that gives the same scores."""

from __future__ import annotations

import numpy as np
import pytest
from mia_ssl import GaussianDensity, KernelDensity, NearestNeighbors
from sklearn.exceptions import NotFittedError

ALL = [GaussianDensity, KernelDensity, NearestNeighbors]


@pytest.fixture
def points():
    return np.random.default_rng(0).normal(size=(20, 4))


@pytest.mark.parametrize("density", ALL)
def test_not_fitted(density, points):
    with pytest.raises(NotFittedError, match="call fit first"):
        density().score(points)
    with pytest.raises(NotFittedError, match="call fit first"):
        density().state()


@pytest.mark.parametrize("density", ALL)
def test_wrong_embeddings_are_named(density, points):
    broken = points.copy()
    broken[3, 1] = np.nan
    with pytest.raises(ValueError, match="infinity in row 3"):
        density().fit(broken)
    with pytest.raises(ValueError, match="infinity in row 3"):
        density().fit(points).score(broken)
    with pytest.raises(ValueError, match=r"\(N, D\), got float64 \(4,\)"):
        density().fit(points[0])
    with pytest.raises(ValueError, match="width 4 as in fit, got 3"):
        density().fit(points).score(points[:, :3])
    with pytest.raises(ValueError, match="got <U1"):
        density().fit(np.array([["a"]]))


@pytest.mark.parametrize("density", ALL)
def test_state_gives_the_same_scores(density, points, tmp_path):
    fitted = density().fit(points[:15])
    np.savez(tmp_path / "state.npz", **fitted.state())
    with np.load(tmp_path / "state.npz", allow_pickle=False) as arrays:
        restored = density().restore(dict(arrays))
    np.testing.assert_array_equal(restored.score(points), fitted.score(points))


@pytest.mark.parametrize("density", ALL)
@pytest.mark.parametrize("damage", [lambda a: a[..., 0], lambda a: a * np.nan, lambda a: a > 0])
def test_damaged_state_is_refused(density, damage, points):
    state = {name: damage(array) for name, array in density().fit(points).state().items()}
    with pytest.raises(ValueError, match="expected"):
        density().restore(state)
    with pytest.raises(KeyError):
        density().restore({})


@pytest.mark.parametrize("density", [GaussianDensity, KernelDensity])
def test_flag_must_be_one(density):
    with pytest.raises(ValueError, match="l2_normalize to be True or False, got 'no'"):
        density(l2_normalize="no")


@pytest.mark.parametrize("density", ALL)
def test_scores_do_not_depend_on_the_other_rows(density, points):
    fitted = density().fit(points[:15])
    alone = np.concatenate([fitted.score(row[None]) for row in points])
    np.testing.assert_allclose(fitted.score(points), alone, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("density", ALL)
def test_outliers_score_higher(density):
    rng = np.random.default_rng(1)
    normal = rng.normal(size=(200, 6)) + 8 * np.eye(6)[0]
    outlier = rng.normal(size=(50, 6)) - 8 * np.eye(6)[0]
    fitted = density().fit(normal[:150])
    assert fitted.score(outlier).min() > fitted.score(normal[150:]).max()
