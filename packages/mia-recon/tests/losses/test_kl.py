"""The divergence against torch.distributions."""

from __future__ import annotations

import torch
from mia_recon.losses import kl
from torch.distributions import Normal, kl_divergence


def test_the_divergence_is_that_of_torch_averaged_over_the_code():
    generator = torch.Generator().manual_seed(0)
    mean, log_variance = torch.randn(2, 5, 7, generator=generator)
    expected = kl_divergence(Normal(mean, (log_variance / 2).exp()), Normal(0.0, 1.0)).mean(1)
    torch.testing.assert_close(kl.kl_divergence(mean, log_variance), expected)
