"""The epoch is chosen by images alone, the same after an interruption, and no label is in it."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import mia_data
import mia_metrics
import mia_ssl
import numpy as np
import pytest
from mia_bench.detectors import epoch_selection
from mia_bench.detectors.epoch_selection import Selection, contrast, split
from mia_bench.detectors.plugins import find_method
from mia_bench.errors import StudyError
from mia_bench.execution import execute as executing
from mia_bench.execution.execute import execute
from mia_bench.run_folder.folder import RunFolder, State
from mia_bench.study.images import load_split
from mia_bench.study.plan import plan
from mia_bench.study.study import DatasetEntry, MethodEntry, Study

SMALL = {"width": 4, "hidden": 32, "latent": 4, "batch_size": 8, "learning_rate": 3e-3}


@pytest.fixture
def run(root):
    entry = MethodEntry(label="ae", method="ae", epochs=8, options=SMALL)
    study = Study(
        name="test",
        datasets=(DatasetEntry(name="brats2021", root=str(root)),),
        methods=(entry,),
        select="pseudo_auroc",
    )
    return plan(study)[0]


class Fixed:
    """A detector whose scores at each epoch are known."""

    def __init__(self, scores: dict[str, float]) -> None:
        self.scores = scores
        self.saved: list[str] = []

    def predict(self, images, *, device):
        # An image's first pixel says which score it gets.
        score = np.array([self.scores[str(image.flat[0])] for image in images], np.float32)
        return SimpleNamespace(score=score, map=None)

    def save(self, path):
        path.mkdir(parents=True)
        (path / "model.json").write_text(json.dumps(self.scores))


def images(*values: int) -> np.ndarray:
    return np.array(values, np.uint8).reshape(-1, 1, 1, 1)


def train(chooser: Selection, levels: list[float], start: int = 1) -> None:
    """Epochs at which image 0 scores 0, image 2 a level, and image 1 1 where that is above 0.5."""
    for epoch, level in enumerate(levels, start):
        chooser.consider(Fixed({"0": 0.0, "1": float(level > 0.5), "2": level}), epoch)


def test_the_best_epoch_is_kept_and_of_equal_ones_the_earliest(tmp_path):
    chooser = Selection(tmp_path, images(0), images(1, 2), epochs=4, device="cpu")
    train(chooser, [0.5, 0.9, 0.9, -1.0])
    assert chooser.scores == {1: 0.75, 2: 1.0, 3: 1.0, 4: 0.25}
    assert chooser.epoch == 2
    assert json.loads((chooser.model / "model.json").read_text())["2"] == 0.9
    assert sorted(path.name for path in tmp_path.iterdir()) == ["epoch-2", "selection.json"]


def test_a_selection_goes_on_after_an_interruption(tmp_path):
    first = Selection(tmp_path, images(0), images(1, 2), epochs=4, device="cpu")
    train(first, [0.5, 0.9, 0.5])
    again = Selection(tmp_path, images(0), images(1, 2), epochs=4, device="cpu")
    train(again, [0.5, 0.9], start=3)  # goes on from a checkpoint before the last epoch it saw
    assert again.scores == {1: 0.75, 2: 1.0, 3: 0.75, 4: 1.0}
    assert again.epoch == 2
    assert again.model.is_dir()


def test_a_long_training_is_compared_at_25_epochs_the_last_among_them(tmp_path):
    chooser = Selection(tmp_path, images(0), images(1, 2), epochs=251, device="cpu")
    train(chooser, [0.9] * 251)
    assert sorted(chooser.scores) == [*range(11, 251, 11), 251]
    assert len(chooser.scores) <= 25


def test_held_out_images_are_not_trained_on_and_the_seed_draws_them():
    everything = np.arange(40, dtype=np.uint8).reshape(40, 1, 1, 1)
    one, again, other = (split(everything, seed) for seed in (0, 0, 1))
    assert len(one.held_out) == 4
    both = np.concatenate([one.kept, one.held_out]).ravel()
    np.testing.assert_array_equal(np.sort(both), np.arange(40))
    np.testing.assert_array_equal(one.held_out, again.held_out)
    assert not np.array_equal(one.held_out, other.held_out)
    with pytest.raises(StudyError, match="at least 4 training images"):
        split(everything[:3], 0)


def test_synthetic_anomalies_are_pasted_on_the_held_out_images_alone():
    normal = mia_data.load("phantom", "train", size=64).images[:8]
    nothing = np.zeros((0, 1, 64, 64), np.uint8)
    others = contrast("synthetic_auroc", normal, nothing, seed=3)
    pasted, label = mia_ssl.synthesize("nsa", np.concatenate([normal] * 4), seed=3)
    changed = label.flatten(1).any(1).numpy()
    assert changed.sum() >= 8
    np.testing.assert_array_equal(others, pasted.numpy()[changed])
    with pytest.raises(StudyError, match="no synthetic anomaly fits"):
        contrast("synthetic_auroc", np.zeros_like(normal), nothing, seed=3)


@pytest.mark.parametrize("rule", ["pseudo_auroc", "synthetic_auroc"])
def test_a_run_reports_the_chosen_epoch_beside_the_last(run, root, tmp_path, rule):
    run = replace(run, select=rule)
    assert execute(run, tmp_path, "cpu") is State.FINISHED
    folder = RunFolder(tmp_path / run.name)
    result = folder.read_record()
    found = result.selection
    assert [point.epoch for point in found.scores] == list(range(1, 9))
    best = max(found.scores, key=lambda point: point.score)
    assert found.epoch == best.epoch
    assert (result.images.train, result.images.test) == (36, 24)
    assert found.held_out == 4
    # The model on disk is the chosen epoch's: its scores and what chose it come out again.
    train_split, test = (load_split(run, name) for name in ("train", "test"))
    detector = find_method("ae").provider.load(folder.model)
    scores = detector.predict(test.images, device="cpu").score
    np.testing.assert_array_equal(scores, folder.read_scores()[2])
    assert result.metrics["auroc"] == mia_metrics.auroc(test.labels, scores)
    held_out = split(train_split.images, run.seed).held_out
    others = contrast(rule, held_out, test.images, run.seed)
    normal, other = (detector.predict(part, device="cpu").score for part in (held_out, others))
    assert mia_metrics.pseudo_auroc(normal, other) == best.score
    # The last epoch's metrics are those of the same training without a choice of its end.
    whole = find_method("ae").provider.build("ae", in_channels=1, image_size=64, **SMALL)
    kept = split(train_split.images, run.seed).kept
    whole.fit(kept, epochs=8, seed=run.seed, device="cpu")
    last = mia_metrics.auroc(test.labels, whole.predict(test.images, device="cpu").score)
    assert found.last.epoch == 8
    assert found.last.metrics["auroc"] == last
    assert not folder.selection.exists()


class Turned:
    """A test set whose every label and mask pixel says the opposite."""

    def __init__(self, whole) -> None:
        self.images, self.ids, self.patients = whole.images, whole.ids, whole.patients
        self.volumes = whole.volumes
        self.labels, self.masks = 1 - whole.labels, 1 - whole.masks

    def __len__(self) -> int:
        return len(self.ids)


def test_other_labels_and_masks_of_the_test_images_choose_the_same_epoch(
    run, root, tmp_path, monkeypatch
):
    results = {}
    for name in ("true", "turned"):

        def load(run, part, turned=name == "turned"):
            whole = load_split(run, part)
            return Turned(whole) if turned and part == "test" else whole

        monkeypatch.setattr(executing, "load_split", load)
        assert execute(run, tmp_path / name, "cpu") is State.FINISHED
        results[name] = RunFolder(tmp_path / name / run.name)
    one, two = (folder.read_record() for folder in results.values())
    assert one.metrics["auroc"] == pytest.approx(1 - two.metrics["auroc"])
    for key in ("epoch", "scores", "held_out"):
        assert getattr(one.selection, key) == getattr(two.selection, key)
    models = [(folder.model / "model.safetensors").read_bytes() for folder in results.values()]
    assert models[0] == models[1]


def test_an_interrupted_run_chooses_as_a_whole_one(run, root, tmp_path, monkeypatch):
    monkeypatch.setattr(executing, "CHECKPOINT_EVERY", 3)
    seen = epoch_selection.Selection.consider

    def stop_at_5(self, detector, epoch):
        seen(self, detector, epoch)
        if epoch == 5:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(epoch_selection.Selection, "consider", stop_at_5)
        with pytest.raises(KeyboardInterrupt):
            execute(run, tmp_path / "stopped", "cpu")
    folders = {name: RunFolder(tmp_path / name / run.name) for name in ("stopped", "whole")}
    assert folders["stopped"].state() is State.PENDING
    for name, folder in folders.items():
        assert execute(run, tmp_path / name, "cpu") is State.FINISHED
        assert folder.read_record().selection.scores
    one, two = (folder.read_record() for folder in folders.values())
    assert folders["stopped"].log.read_text().count("epoch 3/8") == 1  # from its checkpoint
    for key in ("metrics", "intervals", "losses", "selection"):
        assert getattr(one, key) == getattr(two, key)


def test_a_method_that_is_not_trained_has_no_epoch_to_choose(tmp_path):
    chooser = Selection(tmp_path, images(0), images(1), epochs=4, device="cpu")
    with pytest.raises(StudyError, match="not trained"):
        assert chooser.epoch
