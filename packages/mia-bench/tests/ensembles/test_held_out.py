"""Scores of training images come from models that were not trained on them."""

from __future__ import annotations

import mia_metrics
import numpy as np
import pytest
from mia_bench.ensembles.fuse import fuse
from mia_bench.ensembles.held_out import FILE, FOLDS, held_out_normals
from mia_bench.ensembles.members import Member
from mia_bench.ensembles.model import Ensemble
from mia_bench.execution.execute import execute
from mia_bench.inference.image_groups import group_images
from mia_bench.run_folder.folder import RunFolder, State
from mia_bench.run_folder.status import read_runs
from mia_bench.study.images import load_split
from mia_bench.study.plan import Run, plan
from mia_bench.study.study import DatasetEntry, MethodEntry, Study

SMALL = {"width": 4, "hidden": 32, "latent": 4, "batch_size": 8, "learning_rate": 3e-3}
LABELS = ("ae", "ae-l1")


@pytest.fixture(scope="module")
def study(root, tmp_path_factory):
    out = tmp_path_factory.mktemp("held-out") / "study"
    entries = tuple(MethodEntry(label=m, method=m, epochs=1, options=SMALL) for m in LABELS)
    dataset = DatasetEntry(name="brats2021", root=str(root))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MIA_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "cache"))
        for run in plan(Study(name="test", datasets=(dataset,), methods=entries)):
            assert execute(run, out, "cpu") is State.FINISHED
    return out


def member(study, label):
    (run,) = [each.run for each in read_runs(study) if each.name == f"brats2021/{label}/seed-0"]
    return Member.of(run)


def test_every_image_has_a_score_that_the_trained_model_does_not_give(study):
    one = member(study, "ae")
    parts = []
    found = held_out_normals(one, "cpu", on_fold=lambda done, of: parts.append((done, of)))
    groups = group_images(load_split(one.plan, "train").images)
    count = min(FOLDS, int(groups.max()) + 1)
    assert parts == [(done, count) for done in range(1, count + 1)]
    trained = one.predict_normals("cpu", with_maps=False).score
    assert found.scores.shape == trained.shape
    assert (found.scores != trained).mean() > 0.9


def test_scores_are_those_of_a_training_without_the_image(study, monkeypatch):
    """With as many parts as groups, each score is that of a training on all other groups."""
    monkeypatch.setattr("mia_bench.ensembles.held_out.FOLDS", 1000)
    one = member(study, "ae-l1")
    found = held_out_normals(one, "cpu")
    images = np.asarray(load_split(one.plan, "train").images)
    groups = group_images(images)
    for group in (0, int(groups.max())):
        left_out = groups == group
        detector = one.plan.build().fit(images[~left_out], epochs=1, seed=0, device="cpu")
        expected = detector.predict(images[left_out], device="cpu").score
        np.testing.assert_allclose(found.scores[left_out], expected, rtol=1e-4)
    (RunFolder(one.folder.path).path / FILE).unlink()


def test_fusion_uses_quantiles_among_them(study):
    fuse(study, Ensemble(members=LABELS, scale="held-out", combine="maximum", name="both"))
    levels, pixels = [], []
    for label in LABELS:
        one = member(study, label)
        normals = held_out_normals(one, "cpu")
        levels.append(mia_metrics.quantile_scale(normals.scores, one.run.scores[2]))
        pixels.append(mia_metrics.quantile_scale(normals.pixels, np.load(one.folder.maps)))
    fused = RunFolder(study / "brats2021" / "both" / "seed-0")
    np.testing.assert_allclose(fused.read_scores()[2], np.maximum(*levels), rtol=1e-6)
    np.testing.assert_allclose(np.load(fused.maps), np.maximum(*pixels), rtol=1e-5)
    assert fused.read_record().settings.options["scale"] == "held-out"


def test_they_are_computed_once_and_again_where_the_file_is_another_s_or_damaged(
    study, monkeypatch
):
    one = member(study, "ae")
    first = held_out_normals(one, "cpu")
    path = one.folder.path / FILE
    built = []
    build = Run.build
    monkeypatch.setattr(Run, "build", lambda self: built.append(1) or build(self))
    np.testing.assert_array_equal(held_out_normals(one, "cpu").scores, first.scores)
    assert built == []
    whole = path.read_bytes()
    other = (member(study, "ae-l1").folder.path / FILE).read_bytes()
    for damaged in (whole[:-100], b"", other):
        path.write_bytes(damaged)
        built.clear()
        np.testing.assert_array_equal(held_out_normals(one, "cpu").scores, first.scores)
        assert built
    assert len(path.read_bytes()) == len(whole)
