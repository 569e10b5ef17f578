"""The perceptual map against the original's steps, written out with torchvision's network."""

from __future__ import annotations

import mia_recon
import numpy as np
import pytest
import torch
import torchvision
from torch.nn import functional as F


@pytest.fixture
def statistics_file(tmp_path):
    """A file as the original's: pairs of mean and deviation, of shape [512, 1, 1]."""
    generator = torch.Generator().manual_seed(5)
    mean, deviation = torch.rand(2, 512, 1, 1, generator=generator) + 0.5
    path = tmp_path / "statistics.pt"
    torch.save({"c42": (mean - 9, deviation + 9), "r42": (mean, deviation)}, path)
    return path


def original_map(vgg_file, mean, deviation, images, reconstructed):
    """Map of images uint8 (N, 1, S, S), as the original computes it."""
    vgg = torchvision.models.vgg19().features[:23].eval()
    state = torch.load(vgg_file, weights_only=True)
    vgg.load_state_dict({key.removeprefix("features."): v for key, v in state.items()})

    def standardized(x):
        x = torchvision.transforms.functional.normalize(
            x.expand(-1, 3, -1, -1), [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
        )
        return (vgg(x) - mean) / deviation

    with torch.no_grad():
        a = standardized(torch.from_numpy(images).float() / 255)
        b = standardized(torch.from_numpy(reconstructed))
        loss = (a - b).abs() / a.abs().mean(3).mean(2).mean(1).reshape(-1, 1, 1, 1)
        return F.interpolate(loss, scale_factor=(8, 8), mode="bilinear").mean(1).numpy()


def assert_is_the_original_s(detector, vgg_file, statistics_file, images):
    pair = torch.load(statistics_file, weights_only=True)["r42"]
    reconstructed = detector.reconstruct(images, device="cpu")
    expected = original_map(vgg_file, *pair, images, reconstructed)
    prediction = detector.predict(images, device="cpu")
    np.testing.assert_allclose(prediction.map, expected, rtol=1e-3)
    np.testing.assert_allclose(prediction.score, expected.mean((1, 2)), rtol=1e-3)


def test_with_the_original_s_statistics_the_map_is_the_original_s(
    small, images, vgg_file, statistics_file, tmp_path
):
    detector = small("ae-perceptual", statistics=statistics_file)
    detector.fit(images, epochs=1, device="cpu")
    assert_is_the_original_s(detector, vgg_file, statistics_file, images)
    detector.save(tmp_path / "model")
    before = detector.predict(images, device="cpu").score
    statistics_file.unlink()  # a saved model holds the statistics itself
    loaded = mia_recon.load(tmp_path / "model")
    np.testing.assert_array_equal(loaded.predict(images, device="cpu").score, before)


def test_a_checkpoint_of_the_original_scores_its_way(checkpoint_of, vgg_file, statistics_file):
    images = np.random.default_rng(0).integers(0, 256, (2, 1, 64, 64), dtype=np.uint8)
    detector = mia_recon.load_medianomaly(
        "ae-perceptual",
        checkpoint_of("ae-perceptual"),
        weights=vgg_file,
        statistics=statistics_file,
    )
    assert_is_the_original_s(detector, vgg_file, statistics_file, images)


def test_a_checkpoint_without_its_statistics_is_not_passed_over_in_silence(checkpoint_of):
    with pytest.warns(UserWarning, match="without statistics=PATH"):
        mia_recon.load_medianomaly("ae-perceptual", checkpoint_of("ae-perceptual"))


def test_measured_statistics_standardize_the_training_images(small, images):
    network = small("ae-perceptual").fit(images, epochs=0, device="cpu").network
    standardized = network.features(torch.from_numpy(images).float() / 127.5 - 1)
    deviation = standardized.std((0, 2, 3), correction=0)
    assert deviation.max() < 1.001
    alive = network.feature_std > 1.01 * network.feature_std.min()  # not at the floor
    assert alive.float().mean() > 0.5
    torch.testing.assert_close(
        standardized.mean((0, 2, 3))[alive], torch.zeros(int(alive.sum())), rtol=0, atol=1e-3
    )
    torch.testing.assert_close(deviation[alive], torch.ones(int(alive.sum())), rtol=1e-3, atol=0)
