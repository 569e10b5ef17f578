"""Inpainting against RePaint's steps written out in NumPy, number by number."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from mia_recon.diffusion import Diffusion
from mia_recon.methods.autoddpm.inpainting import STREAM, inpaint

BETAS = np.linspace(1e-4, 2e-2, 1000)
SHARES = np.cumprod(1 - BETAS)  # of the image that is left after each step


class Echo(torch.nn.Module):
    """Predicts a noise that depends on the image and the step."""

    def forward(self, x, steps):
        return torch.sin(3 * x) + steps.view(-1, 1, 1, 1) / 500


def denoised(x, t, before, noise, *, ddim):
    """One step of DDPM (Ho et al., equations 6 and 7) or DDIM (Song et al., equation 12)."""
    share, earlier = SHARES[t], SHARES[before] if before >= 0 else 1.0
    predicted = np.sin(3 * x) + t / 500
    clean = ((x - np.sqrt(1 - share) * predicted) / np.sqrt(share)).clip(-1, 1)
    if ddim:
        implied = (x - np.sqrt(share) * clean) / np.sqrt(1 - share)
        return np.sqrt(earlier) * clean + np.sqrt(1 - earlier) * implied
    beta = BETAS[t]
    mean = np.sqrt(earlier) * beta / (1 - share) * clean
    mean = mean + np.sqrt(1 - beta) * (1 - earlier) / (1 - share) * x
    if before < 0:
        return mean
    return mean + np.sqrt((1 - earlier) / (1 - share) * beta) * next(noise)


def written_out(x, mask, start, noise, *, pairs, rounds, ddim):
    first = pairs[0][0]
    y = np.sqrt(SHARES[first]) * start + np.sqrt(1 - SHARES[first]) * next(noise)
    for t, before in pairs:
        for u in range(rounds):
            unknown = denoised(y, t, before, noise, ddim=ddim)
            known = (1 - mask) * x
            if before >= 0:
                known = np.sqrt(SHARES[before]) * known + np.sqrt(1 - SHARES[before]) * next(noise)
            y = np.where(mask, unknown, known)
            if u < rounds - 1:
                left = np.prod(1 - BETAS[before + 1 : t + 1])
                y = np.sqrt(left) * y + np.sqrt(1 - left) * next(noise)
    return y


@pytest.mark.parametrize(
    ("ddim_steps", "pairs"),
    [
        (0, [(t, t - 1) for t in range(11, -1, -1)]),
        (50, [(11, 7), (7, 3), (3, -1)]),  # every fourth of 200
    ],
)
def test_steps_are_those_written_out(ddim_steps, pairs):
    model = Diffusion(
        Echo(), steps=1000, level=200, noise="gaussian", ddim_steps=ddim_steps, draws=1
    )
    drawn = torch.Generator().manual_seed(0)
    x, start = torch.rand(2, 2, 1, 6, 6, generator=drawn)
    mask = torch.rand(2, 1, 6, 6, generator=drawn) < 0.4
    got = inpaint(model, x, mask, start, level=12, rounds=3)
    again = model.scoring_noise(x, *STREAM)
    noise = (again(0).double().numpy() for _ in range(1000))
    arrays = (each.double().numpy() for each in (x, mask, start))
    expected = written_out(*arrays, noise, pairs=pairs, rounds=3, ddim=ddim_steps > 0)
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)
    # At the end the known part is the image itself.
    assert torch.equal(got[~mask], x[~mask])
    assert not torch.isclose(got[mask], x[mask]).any()
