"""The coarse noise: strength, place, roll, and that of the original."""

from __future__ import annotations

import pytest
import torch
from mia_recon.methods.dae import Options, noise, roll

GRAY = torch.zeros(64, 1, 32, 32)


def drawn(x=GRAY, seed=0, **options):
    options = Options(noise_resolution=8, **options)
    return noise(x, options, torch.Generator().manual_seed(seed))


def test_noise_has_mean_0_and_the_original_s_strength():
    fine = noise(GRAY, Options(noise_resolution=32), torch.Generator().manual_seed(0))
    assert abs(float(fine.mean())) < 0.01
    assert float(fine.std()) == pytest.approx(2 * 0.2, rel=0.02)


def test_black_background_stays_black_only_where_asked():
    x = GRAY.clone()
    x[..., :16] = -1
    assert drawn(x)[..., :16].abs().max() == 0
    assert drawn(x)[..., 16:].abs().min() > 0
    assert drawn(x, foreground=False)[..., :16].abs().max() > 0


def test_the_original_s_noise_moves_the_background_to_minus_2():
    x = GRAY.clone()
    x[..., :16] = -1
    assert torch.equal(
        (x + drawn(x, original_noise=True))[..., :16], torch.full((64, 1, 32, 16), -2.0)
    )
    assert float(drawn(x, original_noise=True)[..., 16:].mean()) == pytest.approx(-1, abs=0.05)


def test_every_image_is_rolled_by_its_own_shift():
    images = torch.randn(3, 2, 8, 8, generator=torch.Generator().manual_seed(0))
    shifts = torch.tensor([[0, 0], [3, 5], [7, 1]])
    expected = [
        torch.roll(image, tuple(shift.tolist()), (1, 2))
        for image, shift in zip(images, shifts, strict=True)
    ]
    assert torch.equal(roll(images, shifts), torch.stack(expected))


def test_the_generator_decides_the_noise():
    assert torch.equal(drawn(seed=1), drawn(seed=1))
    assert not torch.equal(drawn(seed=1), drawn(seed=2))
