"""No threshold comes from an image that the model was trained on: each one is followed."""

from __future__ import annotations

import hashlib
import json
import shutil
from types import SimpleNamespace

import mia_bench
import mia_data
import numpy as np
import pytest
from mia_bench import StudyError
from mia_bench.inference import fit as fitting
from mia_bench.inference import normal_images
from mia_bench.inference.model_folder import load_model
from mia_bench.inference.normal_scores import Origin
from PIL import Image


class Nearest:
    """A detector whose score is the distance to the nearest image that it was fitted to."""

    def __init__(self) -> None:
        self.known: np.ndarray | None = None

    def fit(self, images, *, epochs=None, seed=0, device="auto", on_epoch=None):
        if not isinstance(images, np.ndarray):
            images = np.stack([images[i]["image"] for i in range(len(images))])
        self.known = np.array(images)
        return self

    def predict(self, images, *, device="auto"):
        return SimpleNamespace(
            score=distances(images, self.known), map=images[:, 0] / np.float32(9)
        )

    def save(self, path):
        path.mkdir()


def distances(images, known):
    flat, others = (part.reshape(len(part), -1).astype(np.float64) for part in (images, known))
    return np.sqrt(((flat[:, None] - others) ** 2).sum(2)).min(1).astype(np.float32)


@pytest.fixture
def made(monkeypatch):
    """All detectors that ``fit`` makes."""
    detectors: list[Nearest] = []

    def build(*_):
        detectors.append(Nearest())
        return detectors[-1]

    monkeypatch.setattr(fitting, "_build", build)
    return detectors


@pytest.fixture(scope="module")
def folder(tmp_path_factory, draw_folder):
    """60 normal images, of which five are there three times: as they are, smaller, and as JPEG."""
    folder = tmp_path_factory.mktemp("normal") / "normal"
    rng = np.random.default_rng(5)
    folder.mkdir()
    for i in range(50):
        pixels = rng.integers(0, 256, (8, 8), dtype=np.uint8).repeat(8, 0).repeat(8, 1)
        image = Image.fromarray(pixels)
        image.save(folder / f"{i:02}.png")
        if i % 10 == 0:
            image.resize((48, 48)).save(folder / f"{i:02}-small.png")
            image.save(folder / f"{i:02}-again.jpg", quality=80)
    return folder


def fit(folder, target, epochs, **settings):
    settings = {"image_size": 32, "device": "cpu", **settings}
    return mia_bench.fit(images=folder, method="ae", model=target, epochs=epochs, **settings)


def test_a_held_out_image_never_reaches_the_fit(made, folder, tmp_path):
    model = fit(folder, tmp_path / "m", 3)
    whole = mia_data.from_folder(folder, size=32)
    (detector,) = made
    held = model.split.held_out
    assert len(held) >= 19
    assert len(detector.known) == 60 - len(held) == model.training["images"]
    ids = np.array(whole.ids)
    # Nor does a near-duplicate of one: those that were trained on are far away.
    first, again = whole.images[ids == "00"], whole.images[ids == "00-small"]
    near, apart = distances(first, again), distances(whole.images[held], detector.known)
    assert 0 < 2 * near[0] < apart.min()
    names, others = ({name[:2] for name in ids[part]} for part in (held, model.split.trained))
    assert not names & others
    assert {"00", "10", "20", "30", "40"} & names  # one of those that are there three times


def test_quantiles_are_those_of_the_held_out_images(made, folder, tmp_path):
    model = fit(folder, tmp_path / "m", 3)
    whole = mia_data.from_folder(folder, size=32)
    (detector,) = made
    known = load_model(tmp_path / "m")
    held = whole.images[known.split.held_out]
    expected = np.sort(distances(held, detector.known))
    for scores in (model.normal_scores, known.normal_scores):
        np.testing.assert_array_equal(scores.scores, expected)
        assert (scores.origin, scores.held_out) == (Origin.HELD_OUT, True)
        np.testing.assert_allclose(
            list(scores.pixels.values()), np.quantile(held / np.float32(9), list(scores.pixels))
        )
    # The smallest rank k of n + 1 that at least 0.95 of the places lie below.
    n = len(expected)
    k = next(k for k in range(1, n + 1) if k >= 0.95 * (n + 1) - 1e-9)
    assert known.normal_scores.threshold(0.05) == np.nextafter(expected[k - 1], np.float32(np.inf))


def test_without_training_each_image_is_judged_by_a_model_that_has_not_seen_it(
    made, folder, tmp_path
):
    told = []
    model = fit(folder, tmp_path / "m", 0, on_fold=lambda *done: told.append(done))
    whole = mia_data.from_folder(folder, size=32).images
    split = load_model(tmp_path / "m").split
    assert told == [(i, 5) for i in range(1, 6)]
    final, *folds = made
    np.testing.assert_array_equal(final.known, whole)  # nothing is lost
    assert model.training["images"] == 60
    expected = []
    for part, detector in enumerate(folds):
        np.testing.assert_array_equal(detector.known, whole[split.parts != part])
        expected.append(distances(whole[split.parts == part], whole[split.parts != part]))
    expected = np.sort(np.concatenate(expected))
    assert expected.min() > 0  # near-duplicates are in one part
    np.testing.assert_array_equal(model.normal_scores.scores, expected)
    assert model.normal_scores.origin is Origin.CROSS_VALIDATED
    assert len(model.normal_scores.scores) == 60
    k = next(k for k in range(1, 61) if k >= 0.9 * 61 - 1e-9)
    assert model.normal_scores.threshold(0.1) == np.nextafter(expected[k - 1], np.float32(np.inf))


def test_the_record_reproduces_the_split(made, folder, tmp_path):
    fit(folder, tmp_path / "m", 3, holdout=0.4)
    facts = json.loads((tmp_path / "m" / "fit.json").read_text())
    parts = np.load(tmp_path / "m" / "normal_split.npy")
    ids = mia_data.from_folder(folder, size=32).ids
    trained = [name for name, part in zip(ids, parts, strict=True) if not part]

    def sha256(names):
        return hashlib.sha256("\n".join(names).encode()).hexdigest()

    assert facts["split"] == {
        **{"rule": "held out", "images": 60, "parts": 2, "groups": 50, "share": 0.4, "seed": 0},
        "ids_sha256": sha256(ids),
    }
    assert facts["training"]["ids_sha256"] == sha256(trained)
    again = fit(folder, tmp_path / "again", 3, holdout=0.4, seed=7)  # another training
    np.testing.assert_array_equal(again.split.parts, parts)


def test_patients_that_the_image_set_knows_stay_together(made, folder, tmp_path, monkeypatch):
    whole = mia_data.from_folder(folder, size=32)
    patients = [f"patient-{i // 6}" for i in range(60)]
    known = SimpleNamespace(ids=whole.ids, images=whole.images, patients=patients, volumes=None)
    monkeypatch.setattr(normal_images, "_read", lambda *_: KnowsPatients(known))
    for epochs in (3, 0):
        split = fit(folder, tmp_path / f"m{epochs}", epochs).split
        for patient in set(patients):
            assert len({split.parts[i] for i in range(60) if patients[i] == patient}) == 1


def test_patients_can_be_told_by_the_names_of_files(made, folder, tmp_path):
    split = fit(folder, tmp_path / "m", 3, patients=lambda name: name[0]).split
    ids = mia_data.from_folder(folder, size=32).ids
    held = {ids[i][0] for i in split.held_out}
    assert split.groups == 5
    assert held.isdisjoint(ids[i][0] for i in split.trained)


class KnowsPatients(SimpleNamespace):
    """An image set that knows the patients."""

    def __init__(self, known) -> None:
        super().__init__(**vars(known))

    def __len__(self) -> int:
        return len(self.ids)


def test_without_holdout_all_are_trained_on(made, folder, tmp_path):
    model = fit(folder, tmp_path / "m", 3, holdout=None)
    whole = mia_data.from_folder(folder, size=32).images
    np.testing.assert_array_equal(made[0].known, whole)
    assert model.split is load_model(tmp_path / "m").split is None
    assert model.normal_scores.origin is Origin.TRAINING
    assert not model.normal_scores.scores.any()  # it knows them all


def test_with_a_calibration_folder_nothing_is_held_out(made, folder, tmp_path):
    more = tmp_path / "more"
    more.mkdir()
    rng = np.random.default_rng(8)
    for i in range(25):
        pixels = rng.integers(0, 256, (64, 64), dtype=np.uint8)
        Image.fromarray(pixels).save(more / f"{i}.png")
    model = fit(folder, tmp_path / "m", 3, calibration=more)
    assert len(made[0].known) == 60
    assert model.split is None
    assert model.normal_scores.origin is Origin.CALIBRATION
    images = mia_data.from_folder(more, size=32).images
    np.testing.assert_array_equal(
        model.normal_scores.scores, np.sort(distances(images, made[0].known))
    )


def test_too_many_images_to_copy_are_read_one_by_one(made, folder, tmp_path, monkeypatch):
    fit(folder, tmp_path / "m", 3)
    monkeypatch.setattr(normal_images, "_COPIED", 1000)
    fit(folder, tmp_path / "m", 3)
    copied, read = made
    np.testing.assert_array_equal(copied.known, read.known)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"holdout": 0}, "expected holdout to be above 0 and at most 0.5, got 0"),
        ({"holdout": 0.6}, "got 0.6"),
        ({"fpr": 0}, "expected the false-positive rate fpr to be between 0 and 1, got 0"),
        ({"fpr": 0.01}, "60 normal images are too few to hold 99 out"),
        ({"fpr": 0.01, "epochs": 0}, "60 normal images are too few .* expected at least 99"),
    ],
)
def test_what_cannot_be_held_out_is_refused(made, folder, tmp_path, wrong, message):
    with pytest.raises(StudyError, match=message):
        fit(folder, tmp_path / "m", **{"epochs": 3, **wrong})
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize("epochs", [0, 3])
def test_few_images_are_all_trained_on_unless_a_rate_is_asked_for(made, folder, tmp_path, epochs):
    few = tmp_path / "few"
    few.mkdir()
    for path in sorted(folder.glob("*.png"))[:6]:
        shutil.copy(path, few)
    model = fit(few, tmp_path / "m", epochs)
    assert len(made) == 1
    assert len(made[0].known) == 6
    assert model.split is None
    assert model.normal_scores.origin is Origin.TRAINING
    with pytest.raises(StudyError, match="6 normal images are too few"):
        fit(few, tmp_path / "n", epochs, fpr=0.05)


@pytest.mark.parametrize("harm", ["missing", "shape", "type"])
def test_a_damaged_split_is_named(made, folder, tmp_path, harm):
    fit(folder, tmp_path / "m", 3)
    path = tmp_path / "m" / "normal_split.npy"
    if harm == "missing":
        path.unlink()
    else:
        parts = np.load(path)
        np.save(path, parts[1:] if harm == "shape" else parts.astype(float))
    with pytest.raises(StudyError, match=r"the model .* is damaged: .*normal_split\.npy"):
        load_model(tmp_path / "m")
    shutil.rmtree(tmp_path / "m")
