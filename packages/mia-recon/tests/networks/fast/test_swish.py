"""Swish against PyTorch's SiLU, and without subnormal gradients."""

from __future__ import annotations

import torch
from mia_recon.networks.fast import Swish
from torch.nn import functional as F


def slopes(activation):
    """The activation and a small gradient that went through it, from -200 to 200."""
    x = torch.linspace(-200, 200, 4001, requires_grad=True)
    y = activation(x * 1)  # a copy: the activation overwrites its input
    (gradient,) = torch.autograd.grad(y, x, torch.full_like(y, 1e-8))
    return y.detach(), gradient


def has_subnormal(x):
    smallest = torch.finfo(torch.float32).tiny
    return bool(((x != 0) & (x.abs() < smallest)).any())


def test_swish_is_pytorch_s_without_subnormal_gradients():
    y, gradient = slopes(Swish())
    expected, expected_gradient = slopes(F.silu)
    torch.testing.assert_close(y, expected, rtol=0, atol=1e-11)
    torch.testing.assert_close(gradient, expected_gradient, rtol=0, atol=1e-18)
    assert has_subnormal(expected_gradient)
    assert not has_subnormal(gradient)
