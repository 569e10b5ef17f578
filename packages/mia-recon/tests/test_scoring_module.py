"""A detector's scoring module gives the scores of ``predict``, or says why there is none."""

from __future__ import annotations

import mia_recon
import numpy as np
import pytest
import torch
from mia_recon.networks.fast import Swish, UpsampleConv2d, reflect_pad
from mia_recon.registry import RECORDS

FORWARD = [n for n, method in RECORDS.items() if not (method.needs_gradient or method.calls)]


@pytest.mark.parametrize("name", FORWARD)
def test_the_module_gives_the_scores_of_predict(name, small, images):
    detector = small(name).fit(images, epochs=1, device="cpu")
    expected = detector.predict(images, device="cpu")
    module = detector.scoring_module()
    assert not module.training
    with torch.no_grad():
        score, pixels = module(torch.from_numpy(np.ascontiguousarray(images)))
    scale = np.abs(expected.score).max()
    np.testing.assert_allclose(score.numpy(), expected.score, rtol=0, atol=1e-5 * scale)
    assert (pixels is None) == (expected.map is None)
    if pixels is not None:
        scale = np.abs(expected.map).max()
        np.testing.assert_allclose(pixels.numpy(), expected.map, rtol=0, atol=1e-4 * scale)


@pytest.mark.parametrize("name", [n for n, method in RECORDS.items() if method.needs_gradient])
def test_a_gradient_is_no_forward_pass(name, small):
    with pytest.raises(ValueError, match=f"the map of {name} is a gradient"):
        small(name).scoring_module()


@pytest.mark.parametrize(
    ("name", "draws", "calls"),
    # autoddpm: 3 steps from level 200, and one from level 50, done twice.
    [("anoddpm", 1, 3), ("anoddpm-simplex", 2, 6), ("autoddpm", 2, 8)],
)
def test_many_calls_with_noise_between_are_no_forward_pass(name, draws, calls, small):
    with pytest.raises(ValueError, match=f"{name} calls its network {calls} times for an image"):
        small(name, draws=draws).scoring_module()


def test_noise_of_each_image_is_no_forward_pass():
    detector = mia_recon.build("vae", image_size=32, sample_at_test=True)
    with pytest.raises(ValueError, match="vae with sample_at_test=True draws noise"):
        detector.scoring_module()


@pytest.mark.parametrize("layer", [Swish(), UpsampleConv2d(3, 2), reflect_pad])
def test_a_traced_layer_computes_what_the_fast_one_does(layer):
    x = 40 * torch.randn(2, 3, 6, 6, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        traced = torch.jit.trace(layer, (x[:1].clone(),))
        torch.testing.assert_close(traced(x.clone()), layer(x.clone()))
