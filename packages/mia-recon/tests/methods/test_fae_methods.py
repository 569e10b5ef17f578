"""Losses, maps and scores of the feature autoencoders, by their definitions."""

from __future__ import annotations

import mia_recon
import numpy as np
import pytest
import torch
from mia_recon.losses.ssim import feature_dissimilarity
from mia_recon.registry import RECORDS
from torch.nn import functional as F


def error_of(name, a, b):
    return (a - b) ** 2 if name == "fae-mse" else feature_dissimilarity(a, b)


@pytest.mark.parametrize("name", ["fae-mse", "fae-ssim"])
def test_map_and_score_are_the_error_of_the_features(name, small, images):
    detector = small(name)
    prediction = detector.predict(images, device="cpu")
    network = detector.network.eval()
    with torch.no_grad():
        features = network.features(torch.from_numpy(images).float() / 127.5 - 1)
        coarse = error_of(name, features, network.reconstruct(features)).mean(1, keepdim=True)
    expected = F.interpolate(coarse, size=(32, 32), mode="bilinear", align_corners=True)[:, 0]
    np.testing.assert_allclose(prediction.map, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(prediction.score, coarse.mean((1, 2, 3)), rtol=1e-4)


@pytest.mark.parametrize("name", ["fae-mse", "fae-ssim"])
def test_the_loss_is_the_mean_error_with_dropout_from_the_generator(name, small, x):
    detector = small(name)
    network, loss = detector.network.train(), RECORDS[name].loss
    first, again, other = (
        loss(network, x, detector.options, torch.Generator().manual_seed(seed))["loss"].detach()
        for seed in (1, 1, 2)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    features = network.features(x)
    rebuilt = network.reconstruct(features, torch.Generator().manual_seed(1))
    torch.testing.assert_close(first, error_of(name, features, rebuilt).mean().detach())


@pytest.mark.parametrize("name", ["fae-mse", "fae-ssim"])
def test_only_the_studys_features_stay_as_they_are(name):
    scaled = {
        (backbone, scaling): mia_recon.build(
            name, backbone=backbone, scaling=scaling
        ).network.is_scaled
        for backbone in ("resnet18", "efficientnet-lite0")
        for scaling in ("auto", "none", "deviation")
    }
    assert [case for case, is_scaled in scaled.items() if is_scaled] == [
        ("resnet18", "deviation"),
        ("efficientnet-lite0", "auto"),
        ("efficientnet-lite0", "deviation"),
    ]
    assert mia_recon.build(name).options.scaling == "auto"


def test_the_scale_is_saved_with_the_model(small, images, tmp_path):
    detector = small("fae-ssim").fit(images, epochs=1, device="cpu")
    assert float(detector.network.feature_scale.min()) > 0
    assert not torch.equal(detector.network.feature_scale, torch.ones(24 + 40 + 112))
    detector.save(tmp_path / "model")
    loaded = mia_recon.load(tmp_path / "model")
    assert torch.equal(loaded.network.feature_scale, detector.network.feature_scale)


def test_an_epoch_has_as_many_steps_as_the_option_says(small, images):
    detector = small("fae-mse", steps_per_epoch=5)
    assert detector.steps_per_epoch == 5
    assert small("ae").steps_per_epoch is None
    seen = []
    detector.network.middle.register_forward_hook(lambda *_: seen.append(1))
    detector.fit(images[:8], epochs=2, device="cpu")
    assert len(seen) == 2 * 5 + 1  # and once for the scores of the training images


def test_scaled_features_are_learned_at_the_learning_rate_of_the_study(small, images):
    """As they are they outgrow what a new decoder gives, and most of the error is left."""
    left = {}
    for scaling in ("none", "deviation"):
        detector = small("fae-mse", scaling=scaling, steps_per_epoch=40)
        detector.fit(images, epochs=1, device="cpu")
        network = detector.network
        features = network.features(torch.from_numpy(images).float() / 127.5 - 1)
        error = (features - network.reconstruct(features)).square().mean()
        left[scaling] = float(error.detach() / features.square().mean())
    assert left["none"] > 0.7
    assert left["deviation"] < 0.5
