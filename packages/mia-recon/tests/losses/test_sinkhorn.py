"""Sinkhorn divergence against assignments, closed forms, a plain loop and finite differences."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from mia_recon.losses.sinkhorn import sinkhorn_divergence
from scipy.optimize import linear_sum_assignment


@pytest.fixture
def points():
    rng = np.random.default_rng(0)
    return rng.uniform(size=(6, 3)), rng.uniform(size=(6, 3)) + 0.3


def cost(a, b):
    return ((a[:, None] - b[None]) ** 2).sum(-1) / 2


def transported(a, b, epsilon):
    """The regularized cost of optimal transport, by Sinkhorn's own scaling of a matrix."""
    c = cost(a, b)
    kernel, u = np.exp(-c / epsilon), np.ones(len(a))
    for _ in range(20_000):
        v = (1 / len(b)) / (kernel.T @ u)
        u = (1 / len(a)) / (kernel @ v)
    plan = u[:, None] * kernel * v[None]
    independent = 1 / (len(a) * len(b))
    return (plan * c).sum() + epsilon * (plan * np.log(plan / independent)).sum()


def divergence(a, b, **settings):
    settings = {"diameter": 3.0, **settings}
    return sinkhorn_divergence(torch.from_numpy(a), torch.from_numpy(b), **settings)


@pytest.mark.parametrize("blur", [0.2, 0.5])
def test_it_is_the_regularized_cost_less_that_of_each_set_to_itself(points, blur):
    a, b = points[0], points[1][:4]
    epsilon = blur**2
    expected = transported(a, b, epsilon)
    expected -= (transported(a, a, epsilon) + transported(b, b, epsilon)) / 2
    assert float(divergence(a, b, blur=blur)) == pytest.approx(expected, rel=0.01)


def test_with_little_blur_it_is_the_cost_of_the_best_assignment(points):
    c = cost(*points)
    expected = c[linear_sum_assignment(c)].mean()
    assert float(divergence(*points, blur=0.01, scaling=0.98)) == pytest.approx(expected, rel=0.02)


def test_single_points_are_half_their_squared_distance_apart():
    a, b = np.array([[0.0, 1.0]]), np.array([[2.0, 0.5]])
    assert float(divergence(a, b)) == pytest.approx((4 + 0.25) / 2)


def test_the_gradient_is_that_of_finite_differences(points):
    settings = {"blur": 0.3, "scaling": 0.99}  # slow enough to reach the optimum
    a, b = (torch.from_numpy(p).requires_grad_() for p in points)
    sinkhorn_divergence(a, b, diameter=3.0, **settings).backward()
    for values, gradient, place in ((0, a.grad, (2, 1)), (1, b.grad, (4, 0))):
        moved = []
        for step in (1e-3, -1e-3):
            both = [p.copy() for p in points]
            both[values][place] += step
            moved.append(float(divergence(*both, **settings)))
        expected = (moved[0] - moved[1]) / 2e-3
        assert float(gradient[place]) == pytest.approx(expected, rel=0.02)


def test_a_set_in_another_order_is_the_same_set(points):
    """So the original's term of rd++, between a batch and its permutation, teaches nothing."""
    logits = torch.from_numpy(np.random.default_rng(1).normal(size=(8, 50)) * 3).requires_grad_()
    shares = logits.softmax(1)
    order = torch.randperm(8, generator=torch.Generator().manual_seed(0))
    value = sinkhorn_divergence(shares, shares[order], diameter=math.sqrt(2))
    value.backward()
    assert float(value.detach()) == pytest.approx(0, abs=1e-12)
    assert float(logits.grad.abs().max()) < 1e-12
    other = torch.from_numpy(np.random.default_rng(2).normal(size=(8, 50)) * 3).softmax(1)
    assert float(sinkhorn_divergence(shares.detach(), other, diameter=math.sqrt(2))) > 0.01
