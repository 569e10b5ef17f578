"""The logarithm of the normal distribution against PyTorch's and SciPy's."""

from __future__ import annotations

import numpy as np
import torch
from mia_ssl.features.log_tail import log_normal_distribution
from scipy.stats import norm


def test_it_is_pytorchs():
    x = torch.cat([torch.linspace(-50, 6, 20_001), torch.tensor([-1e4, -1e8, 0.0])]).double()
    torch.testing.assert_close(
        log_normal_distribution(x), torch.special.log_ndtr(x), rtol=1e-12, atol=1e-15
    )


def test_it_is_scipys():
    x = np.linspace(-30, 5, 101)
    got = log_normal_distribution(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(got, norm.logcdf(x), rtol=1e-11, atol=1e-15)


def test_far_above_it_is_zero():
    assert log_normal_distribution(torch.tensor([40.0, 1e6]).double()).tolist() == [0, 0]
