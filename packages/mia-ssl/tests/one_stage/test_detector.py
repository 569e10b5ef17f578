import json

import mia_ssl
import numpy as np
import pytest
import torch

SIZE, SETTINGS = 48, {"image_size": 48, "batch_size": 8, "epochs": 3}


@pytest.fixture(scope="module")
def images(discs):
    return discs(18, size=SIZE)


@pytest.fixture(scope="module")
def few(images):
    """A batch of 8 and one of 2, for trainings that are only compared."""
    return images[:10]


@pytest.fixture(scope="module")
def fitted(device, few):
    return mia_ssl.build("nsa", **SETTINGS).fit(few, seed=1, device=device)


def weights(detector):
    return torch.cat(
        [value.flatten().double().cpu() for value in detector.network.state_dict().values()]
    )


def test_golden_maps_and_scores(device, golden, golden_weights, original_shapes, tmp_path):
    values = golden("one-stage")
    state = golden_weights(original_shapes("one-stage"), int(values["seed"]))
    torch.save(state, tmp_path / "model.pt")
    detector = mia_ssl.load_medianomaly("cutpaste", tmp_path / "model.pt")
    prediction = detector.predict(values["image"], device=device)
    np.testing.assert_allclose(prediction.map, values["map"], atol=1e-4)
    np.testing.assert_allclose(prediction.score, values["score"], atol=1e-4)


@pytest.mark.parametrize("name", ["cutpaste", "fpi", "pii", "nsa", "nsa-shift-raw-intensity"])
def test_loss_falls(name, images):
    detector = mia_ssl.build(name, image_size=SIZE, batch_size=6, epochs=4)
    detector.fit(images, device="cpu")
    losses = [epoch["loss"] for epoch in detector.history]
    assert min(losses[1:]) < losses[0]
    assert (detector.predict(images, device="cpu").map >= 0).all()


def test_map_has_a_zero_border_that_counts(fitted, images):
    score, pixels = fitted.predict(images, device="cpu")
    assert pixels.shape == (18, SIZE, SIZE)
    assert pixels.dtype == score.dtype == np.float32
    inside = pixels[:, 3:-3, 3:-3]  # 42 of 48 pixels are seen
    assert (inside > 0).all()
    assert pixels.sum() == pytest.approx(inside.sum())
    np.testing.assert_allclose(score, pixels.mean((1, 2)), rtol=1e-5)


def test_raw_intensities_may_pass_one(images):
    detector = mia_ssl.build("nsa-shift-raw-intensity", **SETTINGS)
    last = detector.network.convtranspose1.weight
    with torch.no_grad():
        last.fill_(100.0)
    pixels = detector.predict(images, device="cpu").map
    assert pixels.max() > 1


def test_batches_and_order_change_no_score(device, fitted, images):
    whole = fitted.predict(images, device=device)
    order = np.random.default_rng(0).permutation(len(images))
    parts = fitted.predict(images[order], batch_size=5, device=device)
    np.testing.assert_allclose(parts.score, whole.score[order], atol=1e-6)
    np.testing.assert_allclose(parts.map, whole.map[order], atol=1e-5)


def test_same_seed_same_weights(device, fitted, few):
    again = mia_ssl.build("nsa", **SETTINGS).fit(few, seed=1, device=device)
    other = mia_ssl.build("nsa", **SETTINGS).fit(few, seed=2, epochs=1, device=device)
    assert torch.equal(weights(again), weights(fitted))
    assert not torch.equal(weights(other), weights(fitted))


def test_two_threads_repeat_a_training_too(few):
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        first, again = (
            weights(mia_ssl.build("nsa", **SETTINGS).fit(few, epochs=1, device="cpu")) for _ in "ab"
        )
    finally:
        torch.set_num_threads(before)
    assert torch.equal(first, again)


def test_interrupted_training_ends_with_the_same_weights(device, fitted, few, tmp_path):
    def interrupt(epoch):
        if epoch.epoch == 2:
            raise KeyboardInterrupt

    arguments = {"seed": 1, "device": device, "checkpoint": tmp_path / "c", "checkpoint_every": 1}
    with pytest.raises(KeyboardInterrupt):
        mia_ssl.build("nsa", **SETTINGS).fit(few, on_epoch=interrupt, **arguments)
    resumed = mia_ssl.build("nsa", **SETTINGS).fit(few, **arguments)
    assert torch.equal(weights(resumed), weights(fitted))
    assert resumed.history == fitted.history
    with pytest.raises(mia_ssl.ModelFileError, match="another training"):
        mia_ssl.build("nsa", **SETTINGS).fit(few, epochs=9, **arguments)


def test_rate_falls_on_a_cosine(images):
    rates = []
    detector = mia_ssl.build("fpi", image_size=SIZE, batch_size=16)
    detector.fit(images, epochs=4, device="cpu", on_epoch=lambda e: rates.append(e.learning_rate))
    expected = [1e-6 + (1e-3 - 1e-6) * (1 + np.cos(np.pi * k / 4)) / 2 for k in range(4)]
    assert rates == pytest.approx(expected)


def test_predict_inside_on_epoch_changes_nothing(fitted, few):
    detector = mia_ssl.build("nsa", **SETTINGS)

    def look(epoch):
        before = weights(detector)
        detector.predict(few, device="cpu")
        assert torch.equal(weights(detector), before)

    detector.fit(few, seed=1, device="cpu", on_epoch=look)
    assert torch.equal(weights(detector), weights(fitted))


def test_on_epoch_stops_and_zero_epochs_only_draw(few):
    stopped = mia_ssl.build("nsa", **SETTINGS).fit(few, device="cpu", on_epoch=lambda e: True)
    assert len(stopped.history) == 1
    untrained = mia_ssl.build("nsa", **SETTINGS).fit(few, epochs=0, device="cpu")
    assert untrained.history == []
    assert torch.equal(weights(untrained), weights(mia_ssl.build("nsa", **SETTINGS)))


@pytest.mark.parametrize("load", [mia_ssl.load, None])
def test_saved_detector_comes_back(fitted, images, tmp_path, load):
    fitted.save(tmp_path / "model")
    back = (load or type(fitted).load)(tmp_path / "model")
    assert back.options == fitted.options
    assert back.settings == fitted.settings
    assert back.seed == 1
    assert back.score_quantiles == fitted.score_quantiles
    assert sorted(path.name for path in (tmp_path / "model").iterdir()) == [
        "model.json",
        "model.safetensors",
    ]
    expected, got = (d.predict(images, device="cpu") for d in (fitted, back))
    np.testing.assert_array_equal(got.score, expected.score)


def test_damaged_model_is_one_clear_error(fitted, tmp_path):
    fitted.save(tmp_path / "model")
    meta = json.loads((tmp_path / "model" / "model.json").read_text())
    meta["options"]["patchez"] = 1
    (tmp_path / "model" / "model.json").write_text(json.dumps(meta))
    with pytest.raises(mia_ssl.ModelFileError, match="patchez"):
        mia_ssl.load(tmp_path / "model")


def test_rgb_trains(discs):
    detector = mia_ssl.build("pii", in_channels=3, **SETTINGS)
    detector.fit(discs(8, size=SIZE, channels=3), epochs=1, device="cpu")
    assert np.isfinite(detector.history[0]["loss"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"in_channels": 2}, "in_channels"),
        ({"image_size": 30}, "image_size"),
        ({"batch_size": 1}, "batch_size"),
        ({"rotation": -1}, "rotation"),
        ({"crop": 0.95}, "crop"),
        ({"patchs": 2}, "did you mean 'patches'"),
        ({"precision": "16"}, "precision"),
    ],
)
def test_wrong_settings_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        mia_ssl.build("fpi", **arguments)


def test_wrong_images_are_refused(fitted, images):
    with pytest.raises(ValueError, match="48 x 48"):
        fitted.predict(np.zeros((2, 1, 64, 64), np.uint8))
    with pytest.raises(TypeError, match="uint8"):
        fitted.predict(images.astype(np.float32))
    with pytest.raises(ValueError, match="at least 2"):
        mia_ssl.build("nsa", **SETTINGS).fit(images[:1])
