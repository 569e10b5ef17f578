"""Densities as modules give the densities' own scores, traced too."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from mia_ssl import GaussianDensity, KernelDensity, NearestNeighbors
from mia_ssl.densities import modules
from sklearn.exceptions import NotFittedError

ALL = [
    GaussianDensity(),
    GaussianDensity(l2_normalize=False),
    KernelDensity(bandwidth=0.3),
    KernelDensity(bandwidth=2, l2_normalize=False),
    NearestNeighbors(k=3),
    NearestNeighbors(k=1, metric="euclidean"),
    NearestNeighbors(k=2, metric="squared"),
]
NAMES = [f"{type(each).__name__}-{number}" for number, each in enumerate(ALL)]


@pytest.fixture
def points():
    return np.random.default_rng(0).normal(2, 1, (30, 6))


@pytest.fixture
def queries():
    drawn = np.random.default_rng(1).normal(1, 3, (11, 6)).astype(np.float32)
    drawn[4] = 0  # has no direction
    drawn[5] *= 1000
    return drawn


@pytest.mark.parametrize("density", ALL, ids=NAMES)
def test_a_module_gives_the_scores_of_its_density(density, points, queries):
    module = modules.as_module(density.fit(points))
    got = module(torch.from_numpy(queries))
    assert got.dtype == torch.float64
    np.testing.assert_allclose(got.numpy(), density.score(queries), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("density", ALL, ids=NAMES)
def test_a_traced_module_takes_any_number_of_embeddings(density, points, queries):
    module = modules.as_module(density.fit(points))
    traced = torch.jit.trace(module, torch.from_numpy(queries[:2]))
    got = traced(torch.from_numpy(queries)).numpy()
    np.testing.assert_allclose(got, density.score(queries), rtol=1e-9, atol=1e-9)


def test_blocks_change_no_score(points, queries, monkeypatch):
    density = NearestNeighbors(k=2).fit(points)
    monkeypatch.setattr(modules, "_BLOCK", 2 * len(points))
    got = modules.as_module(density)(torch.from_numpy(queries))
    np.testing.assert_allclose(got.numpy(), density.score(queries), rtol=1e-9, atol=1e-9)


def test_what_has_no_module_is_an_error():
    with pytest.raises(NotFittedError, match="call fit first"):
        modules.as_module(GaussianDensity())
    with pytest.raises(TypeError, match="expected a density of mia_ssl, got dict"):
        modules.as_module({})
