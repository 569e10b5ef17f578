"""First map, mask and map of autoddpm, by their definitions."""

from __future__ import annotations

import mia_recon
import numpy as np
import pytest
import torch
from mia_recon.methods.autoddpm.inpainting import inpaint
from mia_recon.registry import RECORDS
from scipy.ndimage import binary_dilation

METHOD = RECORDS["autoddpm"]


@pytest.fixture
def pair():
    """Images in [0, 1], half of them black, and others near them, [3, 1, 32, 32] each."""
    drawn = torch.Generator().manual_seed(0)
    x = torch.rand(3, 1, 32, 32, generator=drawn)
    x[..., :16] = 0
    other = (x + 0.2 * torch.randn(x.shape, generator=drawn)).clamp(0, 1)
    other[..., :16] = 0
    return x, other


def distances(network, x, other):
    """LPIPS with weights of 1: squared differences of unit vectors, stretched and summed."""
    backbone, total = network.backbone, 0
    for a, b in zip(*(backbone(images, [0, 1, 2, 3]) for images in (x, other)), strict=True):
        a, b = (f / f.square().sum(1, keepdim=True).sqrt() for f in (a, b))
        level = (a - b).square().sum(1, keepdim=True)
        total = total + torch.nn.functional.interpolate(level, (32, 32), mode="bilinear")
    return total


@pytest.mark.parametrize("threshold", [None, 0.5])
def test_first_map_and_mask_are_those_written_out(threshold, small, pair):
    network = small("autoddpm", threshold=threshold).network.eval()
    x, other = pair
    first = network.first_map(x, other)
    features = distances(network, x, other).numpy()
    mask = network.mask(first).numpy()
    for n in range(3):
        difference = np.abs((x - other)[n, 0].numpy())
        expected = (difference / np.quantile(difference, 0.95)).clip(0, 1) * features[n, 0]
        np.testing.assert_allclose(first[n, 0], expected, rtol=1e-4, atol=1e-6)
        limit = np.quantile(first[n], 0.95) if threshold is None else threshold
        above = first[n, 0].numpy() > limit
        assert 0 < above.mean() < 0.5
        assert np.array_equal(mask[n, 0], binary_dilation(above, np.ones((3, 3))))


def test_equal_images_differ_nowhere_and_mask_nothing(small, pair):
    network = small("autoddpm").network.eval()
    first = network.first_map(pair[0], pair[0])
    assert not first.any()
    assert not network.mask(first).any()


def test_the_map_is_the_error_of_the_inpainted_image_by_the_first_map(small, images):
    detector = small("autoddpm", draws=2).fit(images, epochs=1, device="cpu")
    prediction = detector.predict(images[:3], device="cpu")
    network = detector.network.eval()
    x = torch.from_numpy(images[:3]).float() / 255
    with torch.no_grad():
        model = network.diffusion
        noisy = [model.reconstruct(x, draw) for draw in (0, 1)]
        reconstruction = ((noisy[0] + noisy[1]) / 2).clamp(0, 1)
        first = network.first_map(x, reconstruction)
        mask = network.mask(first)
        inpainted = inpaint(model, x, mask, reconstruction, level=50, rounds=2).clamp(0, 1)
    expected = ((x - inpainted).abs() * first)[:, 0].numpy()
    scale = expected.max()
    np.testing.assert_allclose(prediction.map, expected, rtol=0, atol=1e-4 * scale)
    np.testing.assert_allclose(prediction.score, expected.mean((1, 2)), rtol=1e-3)
    assert prediction.map[~mask[:, 0].numpy()].max() < 1e-4 * scale
    got = detector.reconstruct(images[:3], device="cpu")
    np.testing.assert_allclose(got, inpainted, rtol=0, atol=1e-4)


def test_the_diffusion_model_is_that_of_anoddpm(small, images):
    ours, theirs = (small(name).fit(images, epochs=1) for name in ("autoddpm", "anoddpm"))
    state = ours.network.diffusion.state_dict()
    assert state.keys() == theirs.network.state_dict().keys()
    for key, value in theirs.network.state_dict().items():
        assert torch.equal(state[key], value)
    assert ours.history == theirs.history


def test_calls_are_as_many_as_are_made(small, images):
    for options in ({}, {"draws": 2, "ddim_steps": 8}, {"inpaint_level": 150, "resamplings": 3}):
        detector = small("autoddpm", **options)
        calls = []
        detector.network.diffusion.unet.register_forward_hook(
            lambda *_, calls=calls: calls.append(1)
        )
        detector.predict(images[:2], device="cpu")
        assert len(calls) == METHOD.calls(detector.options)
    assert METHOD.calls(METHOD.options()) == 200 + 5 * 50


def test_wrong_options_are_refused():
    for options, message in (
        ({"inpaint_level": 0}, "inpaint_level"),
        ({"inpaint_level": 1001}, r"inpaint_level to be at most steps \(1000\), got 1001"),
        ({"resamplings": 0}, "resamplings"),
        ({"threshold": -0.1}, "threshold to be above 0, got -0.1"),
        ({"backbone": "efficientnet"}, "unknown backbone"),
        ({"level": 1001}, r"level to be at most steps \(1000\), got 1001"),
    ):
        with pytest.raises(ValueError, match=message):
            mia_recon.build("autoddpm", **options)
