"""Saved models: whole, readable, and nothing but tensors and JSON."""

from __future__ import annotations

import json

import mia_recon
import numpy as np
import pytest
from mia_recon.registry import RECORDS


@pytest.mark.parametrize("name", list(RECORDS))
def test_a_saved_model_scores_as_before_and_knows_how_it_was_made(name, small, images, tmp_path):
    detector = small(name, learning_rate=2e-3).fit(images, epochs=2, seed=3, device="cpu")
    detector.save(tmp_path / "model")
    loaded = mia_recon.ReconstructionDetector.load(tmp_path / "model")
    for before, after in zip(
        detector.predict(images, device="cpu"), loaded.predict(images, device="cpu"), strict=True
    ):
        assert (before is None and after is None) or np.array_equal(before, after)
    assert loaded.info.name == name
    assert (loaded.options, loaded.settings) == (detector.options, detector.settings)
    assert (loaded.seed, loaded.history) == (3, detector.history)
    assert loaded.score_quantiles == detector.score_quantiles
    assert {"python", "torch", "numpy", "mia-recon"} <= loaded_versions(tmp_path / "model").keys()


def test_what_numpy_and_pathlib_give_can_be_saved(small, images, vgg_file, tmp_path):
    whole = {"in_channels": 1, "image_size": 32, "epochs": 2, "batch_size": 4, "latent": 3}
    whole = {name: np.int64(value) for name, value in whole.items()}
    detector = small("ae-perceptual", weights=vgg_file, learning_rate=np.float32(0.5), **whole)
    detector.fit(
        images[:2],
        epochs=np.int32(1),
        seed=np.int64(3),
        device="cpu",
        checkpoint=tmp_path / "c",
        checkpoint_every=np.int64(1),
    )
    detector.save(tmp_path / "model")
    loaded = mia_recon.load(tmp_path / "model")
    assert (loaded.seed, loaded.settings.learning_rate) == (3, 0.5)
    assert (loaded.in_channels, loaded.image_size, loaded.options.latent) == (1, 32, 3)
    assert (loaded.settings.epochs, loaded.settings.batch_size) == (2, 4)
    assert loaded.options.weights == str(vgg_file)
    prediction = loaded.predict(images, batch_size=np.int64(7), device="cpu")
    np.testing.assert_allclose(prediction.score, loaded.predict(images).score, rtol=1e-4)


def loaded_versions(path):
    return json.loads((path / "model.json").read_text())["versions"]


@pytest.mark.parametrize("damage", ["missing", "json", "tensors", "package"])
def test_a_damaged_model_is_an_error_that_names_the_path(damage, small, tmp_path):
    path = tmp_path / "model"
    if damage != "missing":
        small("ae").save(path)
    if damage == "json":
        (path / "model.json").write_text("{")
    if damage == "tensors":
        data = (path / "model.safetensors").read_bytes()
        (path / "model.safetensors").write_bytes(data[: len(data) // 2])
    if damage == "package":
        text = (path / "model.json").read_text()
        (path / "model.json").write_text(text.replace('"mia_recon"', '"mia_other"'))
    with pytest.raises(mia_recon.ModelFileError, match=str(path)):
        mia_recon.load(path)


@pytest.mark.parametrize(
    "facts",
    [
        {"format": 2},
        {"method": []},
        {"method": None},
        {"package": []},
        {"in_channels": "1"},
        {"in_channels": True},
        {"image_size": 32.0},
        {"settings": []},
        {"settings": {"epochs": "1"}},
        {"settings": {"learning_rate": 10**400}},
        {"options": {"latent": [4]}},
        {"structure": None},
        {"structure": {"dict": [["network", None]]}},
        {"structure": {"dict": [["network", {"dict": [[1, 2]]}]]}},
        {"seed": "x"},
        {"history": 5},
        {"history": [5]},
        {"history": [{"loss": "low"}]},
        {"score_quantiles": 5},
        {"score_quantiles": [["0.5", None]]},
    ],
    ids=lambda facts: str(facts)[:60],
)
def test_values_of_another_kind_are_an_error_that_names_the_path(facts, small, tmp_path):
    path = tmp_path / "model"
    small("ae").save(path)
    meta = json.loads((path / "model.json").read_text())
    (path / "model.json").write_text(json.dumps({**meta, **facts}))
    with pytest.raises(mia_recon.ModelFileError, match=str(path)):
        mia_recon.load(path)


def test_saving_does_not_overwrite_what_is_not_a_model(small, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(mia_recon.ModelFileError, match="not a saved model"):
        small("ae").save(tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_weights_are_stored_without_pickle_and_vgg_not_at_all(small, images, tmp_path):
    from safetensors.torch import load_file

    small("ae-perceptual").fit(images, epochs=0, device="cpu").save(tmp_path / "model")
    names = load_file(tmp_path / "model" / "model.safetensors").keys()
    assert sorted(path.name for path in (tmp_path / "model").iterdir()) == [
        "model.json",
        "model.safetensors",
    ]
    assert any("feature_mean" in name for name in names)
    frozen = [name for name in names if not name.startswith("network.autoencoder.")]
    assert sorted(frozen) == [
        "network.backbone.weights_sha256",
        "network.feature_mean",
        "network.feature_std",
    ]
