"""The coarse noise: strength, place, roll, and that of the original."""

from __future__ import annotations

import mia_recon
import pytest
import torch
from mia_recon.blob_noise import draw_blobs
from mia_recon.methods.dae import Options, blobs, noise, noise_of, roll
from mia_recon.registry import RECORDS
from torch.nn import functional as F

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
    x[..., 15] += 2 / 255  # one gray level above black is foreground already
    inside = drawn(x, noise_region="foreground")
    assert inside[..., :15].abs().max() == 0
    assert inside[..., 15:].abs().min() > 0
    assert torch.equal(inside[..., 15:], drawn(x)[..., 15:])
    assert drawn(x)[..., :15].abs().min() > 0


def test_the_original_s_noise_moves_the_background_to_minus_2():
    x = GRAY.clone()
    x[..., :16] = -1
    added = drawn(x, original_noise=True, noise_region="foreground")
    assert torch.equal((x + added)[..., :16], torch.full((64, 1, 32, 16), -2.0))
    assert float(added[..., 16:].mean()) == pytest.approx(-1, abs=0.05)


@pytest.mark.parametrize("region", ["everywhere", "foreground"])
@pytest.mark.parametrize("channels", [1, 3])
def test_the_original_s_noise_is_the_original_s_to_the_last_digit(region, channels):
    """Against the steps of the original, written out, with the same grid and the same roll."""
    generator = torch.Generator().manual_seed(0)
    gray = torch.randint(256, (5, channels, 32, 32), generator=generator)
    x = (gray * (gray > 100)).float() / 255
    x = (x - 0.5) / 0.5
    grid = torch.normal(0.0, 0.2, (5, channels, 16, 16), generator=generator)
    rows, columns = 7, 19

    expected = F.interpolate(grid, size=32, mode="bilinear", align_corners=True)
    expected = torch.roll(expected, shifts=[rows, columns], dims=[-2, -1])
    if region == "foreground":
        expected = expected * (x > x.min())
    expected = x + (expected - 0.5) * 2

    options = Options(original_noise=True, noise_region=region)
    shifts = torch.tensor([[rows, columns]]).expand(5, 2)
    assert torch.equal(x + noise_of(grid, shifts, x, options), expected)


def test_the_original_s_noise_is_rolled_alike_for_the_whole_batch(monkeypatch):
    shifts = []
    monkeypatch.setattr(
        "mia_recon.methods.dae.noise_of", lambda grid, rolled, *_: shifts.append(rolled)
    )
    for original in (True, False):
        drawn(original_noise=original)
    assert len(shifts[0].unique(dim=0)) == 1
    assert len(shifts[1].unique(dim=0)) > 50  # of 64


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


def test_with_blobs_the_clean_image_is_learned_from_one_with_blobs(x):
    """The loss of a network that changes nothing is the mean square of what was added."""
    x = x.clone()
    x[..., :8] = -1
    for region in ("everywhere", "foreground"):
        options = Options(corruption="blobs", blob_strength=0.5, noise_region=region)
        added = 0.5 * draw_blobs(x, torch.Generator().manual_seed(1))
        if region == "foreground":
            added[..., :8] = 0
        assert torch.equal(blobs(x, options, torch.Generator().manual_seed(1)), added)
        loss = RECORDS["dae"].loss(lambda y: y, x, options, torch.Generator().manual_seed(1))
        assert float(loss["loss"]) == pytest.approx(float(added.square().mean()), rel=1e-5)
        assert float(added.abs().max()) > 0.1


def test_with_blobs_it_learns(small, images):
    detector = small("dae", corruption="blobs").fit(images, epochs=6, device="cpu")
    assert detector.history[-1]["loss"] < 0.7 * detector.history[0]["loss"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"corruption": "blob"}, "did you mean 'blobs'"),
        ({"blob_strength": 0.0}, "blob_strength to be above 0, got 0.0"),
        ({"corruption": "blobs", "original_noise": True}, "original_noise to be False"),
    ],
)
def test_a_corruption_that_does_not_fit_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        mia_recon.build("dae", **options)
