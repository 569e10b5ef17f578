"""The Detector contract for adapted features, on a small network and on real weights."""

from __future__ import annotations

import mia_ssl
import numpy as np
import pytest
import torch
from mia_ssl import GaussianDensity
from mia_ssl._engine.backbones import Backbone
from mia_ssl.adapted import METHODS
from sklearn.exceptions import NotFittedError

EVERY = pytest.mark.parametrize("name", METHODS)


@EVERY
def test_without_epochs_it_is_a_density_of_the_backbones_features(name, waves):
    normals, images = waves(12, channels=3), waves(3, 1, channels=3)
    detector = mia_ssl.build(name, backbone="efficientnet-lite0", in_channels=3, image_size=64).fit(
        normals, epochs=0, device="cpu"
    )
    backbone = Backbone("efficientnet-lite0")

    def features(x):
        x = torch.from_numpy(x).float() / 255
        if name == "panda":
            x = x[..., 4:60, 4:60]
        return backbone(x, [4])[0].mean((2, 3)).numpy()

    expected = GaussianDensity().fit(features(normals)).score(features(images))
    np.testing.assert_allclose(detector.predict(images, device="cpu").score, expected, rtol=1e-3)
    assert detector.predict(images, device="cpu").map is None
    assert not detector.info.has_map


@EVERY
def test_neighbors_are_the_two_nearest_by_squared_distance(name, small, waves):
    detector = small(name, scoring="knn").fit(waves(), epochs=1, device="cpu")
    normals, images = (detector.embed(x, device="cpu") for x in (waves(), waves(3, 1)))
    squares = ((images[:, None] - normals[None]) ** 2).sum(2)
    expected = np.sort(squares, axis=1)[:, :2].mean(1)
    got = detector.predict(waves(3, 1), device="cpu").score
    np.testing.assert_allclose(got, expected, rtol=1e-3)
    own = ((normals[:, None] - normals[None]) ** 2).sum(2)
    own = np.sort(own, axis=1)[:, 1:3].mean(1)  # not itself
    assert detector.score_quantiles[1.0] == pytest.approx(own.max(), rel=1e-3)


@EVERY
def test_training_changes_what_the_method_trains_and_no_statistic(name, small, waves):
    detector = small(name).fit(waves(), epochs=2, seed=1, device="cpu")
    start = detector.network.backbone.read().state_dict()
    moved = {k for k, v in detector.network.trunk.state_dict().items() if not v.equal(start[k])}
    trained = {"0", "1", "2"} if name == "msc" else {"1", "2"}
    assert {key.split(".")[1] for key in moved} == trained
    assert not any("running" in key or "tracked" in key for key in moved)


def test_panda_draws_the_features_together(small, waves):
    detector = small("panda", learning_rate=0.3).fit(waves(), epochs=6, device="cpu")
    losses = [epoch["loss"] for epoch in detector.history]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < losses[0]


@EVERY
def test_same_seed_same_result_and_another_seed_another(name, small, waves):
    scores = [
        small(name).fit(waves(), epochs=1, seed=seed, device="cpu").predict(waves(3, 1)).score
        for seed in (1, 1, 2)
    ]
    np.testing.assert_array_equal(scores[0], scores[1])
    assert not np.array_equal(scores[0], scores[2])


@EVERY
@pytest.mark.parametrize("scoring", ["gde", "knn"])
def test_a_saved_model_holds_the_trained_weights_and_needs_no_file(
    name, scoring, small, waves, tmp_path
):
    first = small(name, scoring=scoring).fit(waves(), epochs=1, seed=5, device="cpu")
    first.save(tmp_path / "model")
    loaded = mia_ssl.load(tmp_path / "model")
    assert loaded.network.backbone.reads == 0
    assert loaded.network.backbone.weights_sha256.tolist() == [7] * 32
    images = waves(3, 1)
    expected = first.predict(images, device="cpu").score
    np.testing.assert_array_equal(loaded.predict(images, device="cpu").score, expected)
    assert loaded.options == first.options
    assert (loaded.seed, loaded.history) == (5, first.history)
    assert loaded.score_quantiles == first.score_quantiles


@EVERY
def test_predict_between_epochs_scores_with_the_network_of_that_moment(name, small, waves):
    images, seen = waves(3, 1), []
    detector = small(name)
    detector.fit(
        waves(),
        epochs=2,
        device="cpu",
        on_epoch=lambda epoch: seen.append(detector.predict(images, device="cpu").score),
    )
    once = small(name).fit(waves(), epochs=1, device="cpu").predict(images, device="cpu").score
    np.testing.assert_allclose(seen[0], once, rtol=1e-5)
    np.testing.assert_allclose(seen[1], detector.predict(images, device="cpu").score, rtol=1e-5)


@EVERY
def test_weights_are_read_in_fit_and_not_before(name, small, waves):
    detector = small(name)
    assert detector.network.backbone.reads == 0
    assert not any(bool(value.any()) for value in detector.network.parameters())
    detector.fit(waves(), epochs=0, device="cpu")
    assert detector.network.backbone.reads == 1


@EVERY
def test_weights_that_cannot_be_had_are_one_error(name, tmp_path, waves):
    detector = mia_ssl.build(name, image_size=64, weights=tmp_path / "none.pth")
    match = r"state dict, got .*none\.pth, which does not exist .*backbone='efficientnet-lite0'"
    with pytest.raises(FileNotFoundError, match=match):
        detector.fit(waves(), device="cpu")
    with pytest.raises(NotFittedError, match=f"this {name} is not fitted"):
        detector.predict(waves(1), device="cpu")


def test_wrong_calls_are_refused(small, waves):
    for call in ("predict", "embed"):
        with pytest.raises(NotFittedError, match="call fit first"):
            getattr(small("msc"), call)(waves(1), device="cpu")
    with pytest.raises(ValueError, match="at least 3 images for scoring='gde', got 2"):
        small("msc").fit(waves(2), device="cpu")
    with pytest.raises(ValueError, match="did you mean 'knn'"):
        mia_ssl.build("panda", scoring="kn")
    with pytest.raises(ValueError, match="did you mean 'temperature'"):
        mia_ssl.build("msc", temprature=1.0)
    with pytest.raises(ValueError, match="image_size to be 64 or above, got 32"):
        mia_ssl.build("msc", image_size=32)
    with pytest.raises(ValueError, match="has no checkpoint of panda"):
        mia_ssl.load_medianomaly("panda", "model.pt")


def test_a_damaged_density_is_refused(small, waves, tmp_path):
    detector = small("msc").fit(waves(), epochs=0, device="cpu")
    state = detector.density.state()
    for damage in (lambda x: x[..., 0], lambda x: x * np.nan):
        damaged = {key: damage(value) for key, value in state.items()}
        detector.density.state = lambda damaged=damaged: damaged
        detector.save(tmp_path / "model")
        with pytest.raises(mia_ssl.ModelFileError, match="expected"):
            mia_ssl.load(tmp_path / "model")
