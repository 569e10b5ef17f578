"""The Detector contract for the two-stage methods."""

from __future__ import annotations

import mia_ssl
import numpy as np
import pytest
import torch
from mia_ssl.two_stage import METHODS
from sklearn.exceptions import NotFittedError
from sklearn.mixture import GaussianMixture

TRAINED = [name for name in METHODS if name != "resnet18-imagenet"]


def weights_of(detector):
    return {key: value.clone() for key, value in detector.network.state_dict().items()}


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(value, b[key]) for key, value in a.items())


@pytest.fixture(scope="module")
def fitted(device, build, noise):
    return build().fit(noise(), device=device)


@pytest.mark.parametrize(("name", "channels"), [*zip(TRAINED, [3, 1, 1, 3, 1], strict=True)])
def test_every_method_trains_and_scores(name, channels, build, noise):
    images = noise(channels=channels)
    detector = build(name, in_channels=channels, epochs=1).fit(images, device="cpu")
    prediction = detector.predict(images[:1], device="cpu")
    assert prediction.score.shape == (1,)
    assert prediction.score.dtype == np.float32
    assert prediction.map is None
    assert prediction.score[0] > 0
    assert set(detector.history[0]) == {"loss", "error"}
    assert detector.score_quantiles[1.0] >= detector.score_quantiles[0.0] > 0


def test_scores_depend_on_neither_batch_nor_order(device, fitted, noise):
    images = noise()
    whole = fitted.predict(images, device=device).score
    alone = [fitted.predict(image[None], device=device).score[0] for image in images[::-1]]
    np.testing.assert_allclose(alone[::-1], whole, rtol=1e-4)
    pairs = fitted.predict(images, batch_size=2, device=device).score
    np.testing.assert_allclose(pairs, whole, rtol=1e-4)


def test_same_seed_same_result(device, fitted, build, noise):
    again = build().fit(noise(), device=device)
    assert same(weights_of(again), weights_of(fitted))
    images = noise()
    np.testing.assert_array_equal(
        again.predict(images, device=device).score, fitted.predict(images, device=device).score
    )
    other = build().fit(noise(), device=device, seed=1)
    assert not same(weights_of(other), weights_of(fitted))


def test_saved_model_gives_the_same_scores(fitted, noise, tmp_path):
    fitted.save(tmp_path / "model")
    loaded = mia_ssl.load(tmp_path / "model")
    images = noise()
    np.testing.assert_array_equal(
        loaded.predict(images, device="cpu").score, fitted.predict(images, device="cpu").score
    )
    assert loaded.options == fitted.options
    assert loaded.paste_options == fitted.paste_options
    assert loaded.score_quantiles == fitted.score_quantiles
    assert loaded.seed == 0


def test_interrupted_training_goes_on_to_the_same_weights(device, fitted, build, noise, tmp_path):
    def interrupt(epoch):
        if epoch.epoch == 2:  # the first is written by then
            raise KeyboardInterrupt

    options = {"device": device, "checkpoint": tmp_path / "state", "checkpoint_every": 1}
    with pytest.raises(KeyboardInterrupt):
        build().fit(noise(), on_epoch=interrupt, **options)
    epochs = []
    resumed = build().fit(noise(), on_epoch=lambda epoch: epochs.append(epoch.epoch), **options)
    assert epochs == [2]
    assert len(resumed.history) == 2
    assert same(weights_of(resumed), weights_of(fitted))


def test_predict_inside_on_epoch_sees_the_network_of_that_moment(device, fitted, build, noise):
    images = noise()
    seen = []
    detector = build()

    def look(epoch):
        before = weights_of(detector)
        seen.append(detector.predict(images, device=device).score)
        assert same(before, weights_of(detector))

    detector.fit(images, device=device, on_epoch=look)
    assert same(weights_of(detector), weights_of(fitted))
    np.testing.assert_array_equal(seen[-1], fitted.predict(images, device=device).score)
    assert (seen[0] != seen[1]).any()


def test_predict_inside_on_epoch_may_be_on_another_device(build, noise):
    images = noise()
    expected = build().fit(images, device="cpu").predict(images, device="cpu").score
    detector, seen = build(), []

    def look(epoch):
        normals = detector._normals
        normals.device = torch.device("meta")  # stands for a GPU: what is taken there has no values
        seen.append(detector.predict(images, device="cpu").score)
        assert normals.device.type == "meta"
        normals.device = torch.device("cpu")

    detector.fit(images, device="cpu", on_epoch=look)
    np.testing.assert_array_equal(seen[-1], expected)


def test_no_epochs_leave_the_weights_of_the_seed(build, noise):
    drawn = weights_of(build())
    untrained = build().fit(noise(), epochs=0, device="cpu")
    assert same(weights_of(untrained), drawn)
    assert untrained.predict(noise(), device="cpu").score.shape == (6,)


def test_embeddings_are_what_the_density_sees(fitted, noise):
    images = noise()
    embeddings = fitted.embed(images, device="cpu")
    assert embeddings.shape == (6, 512)
    assert embeddings.dtype == np.float32
    density = mia_ssl.GaussianDensity().fit(embeddings)
    scores = fitted.predict(images, device="cpu").score
    np.testing.assert_allclose(density.score(embeddings), scores, rtol=1e-5)
    mixture = GaussianMixture(1, covariance_type="spherical").fit(embeddings)
    assert np.isfinite(mixture.score_samples(embeddings)).all()


@pytest.mark.parametrize("density", ["kernel", "neighbors", "classifier"])
def test_other_scores(density, build, noise, tmp_path):
    images = noise()
    detector = build(density=density, k=2).fit(images, epochs=0, device="cpu")
    scores = detector.predict(images, device="cpu").score
    embeddings = detector.embed(images, device="cpu")
    if density == "kernel":
        expected = mia_ssl.KernelDensity().fit(embeddings).score(embeddings)
    elif density == "neighbors":
        expected = mia_ssl.NearestNeighbors(k=2).fit(embeddings).score(embeddings)
        others = np.linalg.norm(embeddings[0] - embeddings[1:], axis=1)
        assert others.min() > 0
        assert detector.score_quantiles[0.0] > 0  # no image is its own neighbor there
    else:
        with torch.inference_mode():
            logits = detector.network.classify(torch.from_numpy(embeddings))
        expected = 1 - logits.double().softmax(1)[:, 0].numpy()
    np.testing.assert_allclose(scores, expected, rtol=1e-5, atol=1e-7)
    detector.save(tmp_path / "model")
    loaded = mia_ssl.load(tmp_path / "model").predict(images, device="cpu").score
    np.testing.assert_array_equal(loaded, scores)


def test_gray_is_read_as_three_equal_channels(noise, build):
    gray = noise(4)
    one = build(in_channels=1).fit(gray, epochs=0, device="cpu").embed(gray, device="cpu")
    color = gray.repeat(3, axis=1)
    three = build(in_channels=3).fit(color, epochs=0, device="cpu").embed(color, device="cpu")
    np.testing.assert_allclose(one, three, rtol=1e-5, atol=1e-6)


def test_density_can_move_to_other_normals(fitted, build, noise):
    detector = build()
    with pytest.raises(NotFittedError, match="call fit or fit_density first"):
        detector.predict(noise(), device="cpu")
    detector.network.load_state_dict(fitted.network.state_dict())
    detector.fit_density(noise(), device="cpu")
    np.testing.assert_array_equal(
        detector.predict(noise(), device="cpu").score, fitted.predict(noise(), device="cpu").score
    )


def test_wrong_builds_and_images_are_refused(fitted, build, noise):
    with pytest.raises(ValueError, match="image_size to be 64 or above, got 32"):
        build(image_size=32)
    with pytest.raises(ValueError, match=r"in_channels to be 1 .* got 2"):
        build(in_channels=2)
    with pytest.raises(ValueError, match="1 x 64 x 64"):
        fitted.predict(noise(size=72), device="cpu")
    with pytest.raises(ValueError, match="at least 2 images to train on, got 1"):
        build().fit(noise(1), device="cpu")
    with pytest.raises(TypeError, match="uint8"):
        fitted.predict(noise().astype(np.float32), device="cpu")


@pytest.mark.parametrize(
    ("options", "count", "least"), [({}, 2, 3), ({"density": "neighbors", "k": 5}, 4, 5)]
)
def test_too_few_images_for_the_density_are_refused_before_training(
    options, count, least, build, noise
):
    detector = build(**options)
    message = f"at least {least} images for the density '.*', got {count}"
    with pytest.raises(ValueError, match=message):
        detector.fit(noise(count), device="cpu", on_epoch=lambda epoch: pytest.fail("trained"))
    with pytest.raises(ValueError, match=message):
        detector.fit_density(noise(count), device="cpu")
    detector.fit(noise(least), device="cpu", epochs=0)
    assert np.isfinite(detector.predict(noise(1), device="cpu").score).all()


@pytest.mark.parametrize("density", ["gaussian", "kernel", "neighbors"])
@pytest.mark.parametrize("damage", [lambda a: a[..., :-1], lambda a: a * np.nan])
def test_density_that_is_damaged_is_refused_when_loaded(density, damage, build, noise, tmp_path):
    detector = build(density=density).fit(noise(), epochs=0, device="cpu")
    learned = detector.scorer.density
    for name, array in learned.state().items():
        setattr(learned, name, damage(array))
    detector.save(tmp_path / "model")
    with pytest.raises(mia_ssl.ModelFileError, match="expected"):
        mia_ssl.load(tmp_path / "model")


def test_density_of_another_network_is_refused_when_loaded(build, noise, tmp_path):
    detector = build().fit(noise(), epochs=0, device="cpu")
    detector.scorer.density.fit(np.random.default_rng(0).normal(size=(9, 4)))
    detector.save(tmp_path / "model")
    with pytest.raises(mia_ssl.ModelFileError, match="width 4 as in fit, got 512"):
        mia_ssl.load(tmp_path / "model")


def test_imagenet_features_need_weights_and_no_training(trunk_file, noise, build, tmp_path):
    path, state = trunk_file()
    images = noise()
    detector = build("resnet18-imagenet", weights=path).fit(images, epochs=5, device="cpu")
    assert detector.history == []
    assert torch.equal(detector.network.state_dict()["trunk.conv1.weight"], state["conv1.weight"])
    scores = detector.predict(images, device="cpu").score
    detector.save(tmp_path / "model")
    path.unlink()  # a saved model holds its weights
    loaded = mia_ssl.load(tmp_path / "model")
    np.testing.assert_array_equal(loaded.predict(images, device="cpu").score, scores)
    with pytest.raises(FileNotFoundError, match="no weights file at"):
        loaded.fit(images, device="cpu")
    with pytest.raises(ValueError, match="needs weights and a density, got weights=None"):
        build("resnet18-imagenet", weights=None)


def test_any_backbone_with_weights_from_a_file(trunk_file, noise, build):
    path, _ = trunk_file("mobilenet_v3_small")
    detector = build("resnet18-imagenet", backbone="mobilenet_v3_small", weights=path)
    detector.fit(noise(), device="cpu")
    assert detector.embed(noise(), device="cpu").shape == (6, 1024)
