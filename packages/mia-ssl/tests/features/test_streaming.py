"""Mean and covariance in batches against NumPy's of all at once."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from mia_ssl.features.streaming import StreamingCovariance, restored, whitening


@pytest.mark.parametrize("sizes", [(50,), (1, 1, 48), (7, 20, 23)])
def test_batches_give_the_covariance_of_all(sizes):
    vectors = 1000 + np.random.default_rng(0).normal(size=(50, 2, 3, 4))
    streaming = StreamingCovariance(2, 3, 4)
    for part in torch.from_numpy(vectors).split(sizes):
        streaming.update(part)
    np.testing.assert_allclose(streaming.mean, vectors.mean(0), rtol=1e-12)
    for y, x in np.ndindex(2, 3):
        expected = np.cov(vectors[:, y, x].T)
        np.testing.assert_allclose(streaming.covariance()[y, x], expected, rtol=1e-9, atol=1e-12)


def test_whitening_gives_mahalanobis_distances():
    rng = np.random.default_rng(0)
    covariance = np.cov(rng.normal(size=(4, 30)))
    x = rng.normal(size=4)
    ours = np.linalg.norm(x @ whitening(torch.from_numpy(covariance)).numpy())
    assert ours == pytest.approx(np.sqrt(x @ np.linalg.inv(covariance) @ x))
    with pytest.raises(ValueError, match="singular"):
        whitening(torch.zeros(2, 2))


def test_what_is_restored_is_checked():
    state = {"a": torch.zeros(2, 2), "b": torch.tensor([torch.nan])}
    assert restored(state, "a", 2) is state["a"]
    with pytest.raises(ValueError, match=r"expected a of 1 dimensions, got \(2, 2\)"):
        restored(state, "a", 1)
    with pytest.raises(ValueError, match="expected b to be finite"):
        restored(state, "b", 1)
    with pytest.raises(KeyError):
        restored(state, "c", 1)
