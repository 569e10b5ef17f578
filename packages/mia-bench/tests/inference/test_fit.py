"""A model holds what normal images score; an interrupted fit ends as if it had not been."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil

import mia_bench
import mia_data
import numpy as np
import pytest
from filelock import FileLock
from mia_bench import RunsFailedError, StudyError
from mia_bench.inference.model_folder import load_model
from safetensors.numpy import load_file


def weights(model):
    return load_file(model / "detector" / "model.safetensors")


def assert_same_weights(first, second):
    one, two = weights(first), weights(second)
    assert one.keys() == two.keys()
    for name, values in one.items():
        np.testing.assert_array_equal(values, two[name], err_msg=name)


def leftovers(folder):
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


def test_the_model_tells_what_it_was_trained_on(model, normals):
    facts = json.loads((model / "fit.json").read_text())
    train = mia_data.from_folder(normals, "train", size=32)
    assert facts["reading"] == {
        **{"size": 32, "channels": 1, "resize": "squash", "resample": "bilinear", "window": None},
        "brightness": None,
    }
    training = facts["training"]
    assert (training["images"], training["epochs"], training["seed"]) == (40, 40, 0)
    names = "\n".join(train.ids).encode()
    assert training["ids_sha256"] == hashlib.sha256(names).hexdigest()
    assert training["pixels_sha256"] == hashlib.sha256(train.images.tobytes()).hexdigest()


def test_brightness_is_scaled_in_training_and_when_images_are_scored(normals, quick, tmp_path):
    settings = {**quick, "epochs": 2, "brightness": "percentiles"}
    fitted = mia_bench.fit(images=normals, model=tmp_path / "m", **settings)
    assert load_model(tmp_path / "m").preprocessing.brightness == "percentiles"
    train = mia_data.from_folder(normals, "train", size=32, brightness="percentiles")
    digest = hashlib.sha256(train.images.tobytes()).hexdigest()
    assert fitted.training["pixels_sha256"] == digest
    found = mia_bench.score(model=tmp_path / "m", images=normals, out=tmp_path / "out")
    with (found.out / "scores.csv").open(newline="", encoding="utf-8") as file:
        scores = [float(row["score"]) for row in csv.DictReader(file)]
    expected = fitted.detector().predict(train.images, device="cpu").score
    np.testing.assert_allclose(scores, expected, rtol=1e-5)


def test_the_reference_is_what_the_detector_gives_the_training_images(model, normals):
    fitted = load_model(model)
    train = mia_data.from_folder(normals, "train", size=32)
    scores, maps = fitted.detector().predict(train.images, device="cpu")
    np.testing.assert_allclose(fitted.normal_scores.scores, np.sort(scores), rtol=1e-5)
    for level, value in fitted.normal_scores.pixels.items():
        np.testing.assert_allclose(value, np.quantile(maps, level), rtol=1e-4, atol=1e-9)


class StoppedError(Exception):
    """In place of a Ctrl-C."""


def stop_after(epoch):
    def on_epoch(record):
        if record.epoch == epoch:
            raise StoppedError

    return on_epoch


def test_an_interrupted_fit_goes_on_to_the_same_weights(model, normals, quick, tmp_path):
    again = {"images": normals, "model": tmp_path / "m", "checkpoint_every": 10, **quick}
    with pytest.raises(StoppedError):
        mia_bench.fit(**again, on_epoch=stop_after(25))
    assert not (tmp_path / "m").exists()
    assert leftovers(tmp_path) == [".m.fitting"]
    told = []
    mia_bench.fit(**again, on_epoch=lambda record: told.append(record.epoch))
    assert told == list(range(21, 41))
    assert_same_weights(tmp_path / "m", model)
    assert leftovers(tmp_path) == []


def test_other_settings_do_not_go_on_from_a_checkpoint(normals, quick, tmp_path):
    again = {"images": normals, "model": tmp_path / "m", "checkpoint_every": 2, **quick}
    with pytest.raises(StoppedError):
        mia_bench.fit(**again, on_epoch=stop_after(3))
    with pytest.raises(StudyError, match=r"\(seed 0 -> 1\).*\.m\.fitting"):
        mia_bench.fit(**again, seed=1)
    told = []
    mia_bench.fit(**again, on_epoch=lambda record: told.append(record.epoch) or record.epoch == 4)
    assert told == [3, 4]


def test_a_new_fit_replaces_an_older_model_only_at_its_end(normals, quick, tmp_path):
    short = {**quick, "epochs": 1}
    mia_bench.fit(images=normals, model=tmp_path / "m", **short)
    before = weights(tmp_path / "m")
    with pytest.raises(StoppedError):
        mia_bench.fit(images=normals, model=tmp_path / "m", **short, seed=1, on_epoch=stop_after(1))
    for name, values in weights(tmp_path / "m").items():
        np.testing.assert_array_equal(values, before[name])
    mia_bench.fit(images=normals, model=tmp_path / "m", **short, seed=2)
    assert load_model(tmp_path / "m").training["seed"] == 2
    assert leftovers(tmp_path) == []


def test_what_is_not_a_model_is_not_overwritten(normals, quick, tmp_path):
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "thesis.tex").write_text("years of work")
    with pytest.raises(StudyError, match="will not overwrite"):
        mia_bench.fit(images=normals, model=tmp_path / "m", **quick)
    with pytest.raises(StudyError, match="will not overwrite"):
        mia_bench.fit(images=normals, model=tmp_path / "m" / "thesis.tex", **quick)
    assert (tmp_path / "m" / "thesis.tex").read_text() == "years of work"


def test_thresholds_come_from_the_calibration_images(normals, quick, tmp_path, draw_folder):
    draw_folder(tmp_path / "more", 25, seed=9)
    settings = {**quick, "epochs": 3}
    fitted = mia_bench.fit(
        images=normals, model=tmp_path / "m", calibration=tmp_path / "more", **settings
    )
    images = mia_data.from_folder(tmp_path / "more", size=32).images
    scores = np.sort(fitted.detector().predict(images, device="cpu").score)
    reference = load_model(tmp_path / "m").normal_scores
    assert reference.held_out
    np.testing.assert_allclose(reference.scores, scores, rtol=1e-5)
    # With 25 held-out images, the 25th of them is the first whose rank 26 * 0.95 = 24.7 reaches.
    assert reference.threshold(0.05) == np.nextafter(reference.scores[24], np.float32(np.inf))
    with pytest.raises(StudyError, match=r"25 calibration images are too few .* at least 0\.0385"):
        reference.threshold(0.03)


def test_calibration_images_that_are_trained_on_are_refused(normals, quick, tmp_path, draw_folder):
    draw_folder(tmp_path / "more", 5, seed=9)
    first = sorted(normals.iterdir())[3]
    shutil.copy(first, tmp_path / "more" / f"copy{first.suffix}")
    for folder, count in ((normals, r"(\d+) of \1"), (tmp_path / "more", "1 of 6")):
        message = f"got {count} with the pixels of training images"
        with pytest.raises(StudyError, match=message):
            mia_bench.fit(images=normals, model=tmp_path / "m", calibration=folder, **quick)
    assert not (tmp_path / "m").exists()


def test_of_a_dataset_with_splits_the_train_split_is_taken(quick, tmp_path, draw_folder):
    draw_folder(tmp_path / "set" / "train" / "good", 6, seed=1)
    draw_folder(tmp_path / "set" / "test" / "good", 3, seed=2)
    draw_folder(tmp_path / "set" / "test" / "crack", 3, seed=3, lesion=True)
    fitted = mia_bench.fit(images=tmp_path / "set", model=tmp_path / "m", **{**quick, "epochs": 0})
    assert fitted.training["images"] == 6


def test_two_fits_of_one_model_do_not_mix(normals, quick, tmp_path):
    (tmp_path / ".m.fitting").mkdir()
    with (
        FileLock(tmp_path / ".m.fitting" / ".lock"),
        pytest.raises(StudyError, match="another process is fitting this model"),
    ):
        mia_bench.fit(images=normals, model=tmp_path / "m", **quick)


def test_a_training_that_diverges_leaves_nothing(normals, quick, tmp_path):
    with pytest.raises(RunsFailedError, match="the training failed"):
        mia_bench.fit(
            images=normals, model=tmp_path / "m", **{**quick, "options": {"learning_rate": 1e30}}
        )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"method": "aee"}, "unknown method 'aee'; did you mean 'ae'"),
        ({"options": {"latnet": 3}}, "did you mean 'latent'"),
        ({"options": {"latent": float("nan")}}, "expected options"),
        ({"image_size": 33}, "image_size"),
        ({"channels": 2}, "in_channels"),
        ({"epochs": -1}, "expected epochs"),
        ({"seed": 1.5}, "expected seed"),
        ({"checkpoint_every": 0}, "expected checkpoint_every"),
        ({"device": "tpu"}, "expected device"),
        ({"resize": "stretch"}, "unknown resize 'stretch'"),
        ({"window": (5, 5)}, "window"),
    ],
)
def test_wrong_arguments_are_named(normals, quick, tmp_path, wrong, message):
    with pytest.raises(ValueError, match=message):
        mia_bench.fit(**{"images": normals, "model": tmp_path / "m", **quick, **wrong})
    assert list(tmp_path.iterdir()) == []


def test_one_image_is_too_few(quick, tmp_path, draw_folder):
    draw_folder(tmp_path / "one", 1, seed=1)
    with pytest.raises(StudyError, match="at least 2 images"):
        mia_bench.fit(images=tmp_path / "one", model=tmp_path / "m", **quick)
    assert leftovers(tmp_path) == []
