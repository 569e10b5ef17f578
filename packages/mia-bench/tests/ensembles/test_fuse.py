"""An ensemble is one more run whose scores and maps are those of the rule, by hand."""

from __future__ import annotations

import json
import re
import shutil

import mia_metrics
import numpy as np
import pytest
from mia_bench.cli import main
from mia_bench.detectors.plugins import find_method
from mia_bench.ensembles.fuse import fuse
from mia_bench.ensembles.model import Ensemble
from mia_bench.errors import StudyError
from mia_bench.execution.execute import execute
from mia_bench.leaderboard.rows import gather
from mia_bench.run_folder.data_record import DataSource
from mia_bench.run_folder.folder import RunFolder, State
from mia_bench.study.images import load_split
from mia_bench.study.plan import plan
from mia_bench.study.study import DatasetEntry, MethodEntry, Study
from mia_data import DataError
from PIL import Image

SMALL = {"width": 4, "hidden": 32, "latent": 4, "batch_size": 8, "learning_rate": 3e-3}


@pytest.fixture(scope="module")
def trained(root, tmp_path_factory):
    """Small methods: one has no map, one has not finished seed 1, one saw larger images."""
    out = tmp_path_factory.mktemp("fusion") / "study"
    entries = [MethodEntry(label=m, method=m, epochs=2, options=SMALL) for m in ("ae", "ae-l1")]
    no_map = MethodEntry(label="gan", method="ganomaly", epochs=1, options={"batch_size": 8})
    large = MethodEntry(label="large", method="ae", epochs=1, options=SMALL, image_size=128)
    study = Study(
        name="test",
        datasets=(DatasetEntry(name="brats2021", root=str(root)),),
        methods=(*entries, no_map, large),
        seeds=(0, 1),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MIA_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "cache"))
        for run in plan(study):
            if (run.label, run.seed) != ("ae-l1", 1):
                assert execute(run, out, "cpu") is State.FINISHED
    return out


@pytest.fixture
def study(trained, tmp_path):
    """A copy to write in."""
    shutil.copytree(trained, tmp_path / "study")
    return tmp_path / "study"


def folder(out, label, seed=0) -> RunFolder:
    return RunFolder(out / "brats2021" / label / f"seed-{seed}")


def ranks(values: np.ndarray) -> np.ndarray:
    """(Number below + half of the equal ones) / size, compared pair by pair."""
    flat = values.ravel()
    below = (flat[:, None] > flat).sum(1) + (flat[:, None] == flat).sum(1) / 2
    return (below / flat.size).reshape(values.shape)


def test_scores_are_the_mean_of_the_ranks_and_metrics_those_of_the_scores(study, root):
    outcome = fuse(study, Ensemble(members=("ae", "ae-l1")), root=str(root))
    assert outcome.done == ["brats2021/ae+ae-l1/seed-0"]
    assert outcome.left_out == [("brats2021/ae+ae-l1/seed-1", "ae-l1 not finished")]
    fused = folder(study, "ae+ae-l1")
    ids, labels, scores = fused.read_scores()
    members = [folder(study, label).read_scores() for label in ("ae", "ae-l1")]
    assert ids == members[0][0]
    np.testing.assert_array_equal(labels, members[0][1])
    expected = (ranks(members[0][2]) + ranks(members[1][2])) / 2
    np.testing.assert_allclose(scores, expected, rtol=1e-6)
    result = fused.read_record()
    assert result.metrics["auroc"] == mia_metrics.auroc(labels, scores)
    maps = np.load(fused.maps)
    single = [mia_metrics.rank_scale(np.load(folder(study, m).maps)) for m in ("ae", "ae-l1")]
    np.testing.assert_allclose(maps, sum(single) / 2, rtol=1e-6)
    row = next(row for row in gather(study) if row.label == "ae+ae-l1")
    assert "pixel_auroc" in row.means
    one, two = (folder(study, label).read_record() for label in ("ae", "ae-l1"))
    assert row.fit_seconds == pytest.approx(one.seconds.fit + two.seconds.fit)
    assert row.parameters == one.parameters + two.parameters


def test_quantiles_are_those_among_the_training_images(study, root):
    ensemble = Ensemble(members=("ae", "ae-l1"), scale="quantile", combine="maximum", name="both")
    fuse(study, ensemble, root=str(root))
    levels = []
    for label in ensemble.members:
        member = folder(study, label)
        run = plan_of(root, label)
        detector = find_method(label).provider.load(member.model)
        normal = detector.predict(load_split(run, "train").images, device="cpu").score
        levels.append(mia_metrics.quantile_scale(normal, member.read_scores()[2]))
    found = folder(study, "both").read_scores()[2]
    np.testing.assert_allclose(found, np.maximum(*levels), rtol=1e-6)


def plan_of(root, label, **entry):
    entry = MethodEntry(label=label, method=label, epochs=2, options=SMALL, **entry)
    dataset = DatasetEntry(name="brats2021", root=str(root))
    return plan(Study(name="x", datasets=(dataset,), methods=(entry,)))[0]


@pytest.mark.parametrize("order", [("ae", "large"), ("large", "ae")])
def test_maps_of_different_sizes_are_fused_at_that_of_the_largest(study, root, order):
    fuse(study, Ensemble(members=order, name="sizes"), root=str(root))
    fused = folder(study, "sizes")
    small, large = (np.load(folder(study, label).maps) for label in ("ae", "large"))
    # Pixel centers of 128 lie at a quarter and three quarters of a pixel of 64.
    taps = np.zeros((128, 64))
    for i, place in enumerate(np.clip((np.arange(128) + 0.5) / 2 - 0.5, 0, 63)):
        low = min(int(place), 62)
        taps[i, low : low + 2] += 1 - (place - low), place - low
    enlarged = np.einsum("ij,njk,lk->nil", taps, small, taps, optimize=True)
    pair = enlarged.astype(np.float32), large
    expected = sum(map(mia_metrics.rank_scale, pair)) / 2
    found = np.load(fused.maps)
    assert found.shape == large.shape
    assert np.abs(found - expected).max() < 1e-3  # float32 may swap near neighbors in rank
    masks = load_split(plan_of(root, "ae", image_size=128), "test").masks
    metrics = fused.read_record().metrics
    assert metrics["pixel_ap"] == pytest.approx(mia_metrics.pixel_ap(masks, found))


def test_without_a_map_of_every_member_there_is_none(study, root):
    outcome = fuse(study, Ensemble(members=("ae", "gan"), name="mixed"), root=str(root))
    assert len(outcome.done) == 2
    assert not folder(study, "mixed").maps.exists()
    assert "pixel_ap" not in folder(study, "mixed").read_record().metrics


def test_an_older_fusion_is_replaced_and_nothing_else(study, root):
    for scale in ("rank", "none"):
        fuse(study, Ensemble(members=("ae", "gan"), scale=scale, name="x"), root=str(root))
    assert folder(study, "x").read_record().settings.options["scale"] == "none"
    before = folder(study, "ae-l1").result.read_bytes()
    for name in ("ae", "ae-l1"):
        with pytest.raises(StudyError, match="is no fusion: choose another name"):
            fuse(study, Ensemble(members=("ae", "gan"), name=name), root=str(root))
    assert folder(study, "ae-l1").result.read_bytes() == before
    with pytest.raises(StudyError, match="is a fusion itself"):
        fuse(study, Ensemble(members=("x", "ae")), root=str(root))


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY\x01\x00"])
def test_damaged_maps_are_named_and_nothing_is_left(study, root, content):
    folder(study, "ae").maps.write_bytes(content)
    with pytest.raises(StudyError, match=r"cannot read .*ae/seed-0/maps\.npy"):
        fuse(study, Ensemble(members=("ae", "ae-l1")), root=str(root))
    assert not folder(study, "ae+ae-l1").path.exists()


def test_a_fusion_that_was_killed_is_done_again(study, root, monkeypatch):
    ensemble = Ensemble(members=("ae", "gan"), name="x")

    def killed(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("mia_bench.ensembles.fuse.evaluate.write_outputs", killed)
        with pytest.raises(KeyboardInterrupt):
            fuse(study, ensemble, root=str(root))
    assert folder(study, "x").state() is State.PENDING
    fuse(study, ensemble, root=str(root))
    assert folder(study, "x").state() is State.FINISHED
    assert not folder(study, "x").settings.exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"members": ("ae",)}, "two or more different methods"),
        ({"members": ("ae", "ae")}, "two or more different methods"),
        ({"scale": "ranks"}, "unknown scale 'ranks'; did you mean 'rank'"),
        ({"combine": "max"}, "unknown combination 'max'"),
        ({"name": "a/b"}, "a name that a folder can have, got 'a/b'"),
        ({"name": ""}, "a name that a folder can have"),
    ],
)
def test_what_cannot_be_fused_is_refused(change, message):
    with pytest.raises(StudyError, match=message):
        Ensemble(**{"members": ("ae", "gan"), **change})


def test_a_method_that_is_not_there_is_named_with_the_nearest(study, root):
    with pytest.raises(StudyError, match=r"unknown finished method .* 'ae-l2'; did you mean"):
        fuse(study, Ensemble(members=("ae", "ae-l2")), root=str(root))


def test_other_test_images_are_refused(study, root):
    scores = folder(study, "gan").scores
    scores.write_text(scores.read_text().replace("test_", "other_"))
    with pytest.raises(StudyError, match="scored different test images"):
        fuse(study, Ensemble(members=("ae", "gan")), root=str(root))


def test_the_command_adds_a_row_to_table_and_page(study, capsys):
    arguments = ["--methods", "ae,gan", "--device", "cpu", "--json"]
    with pytest.raises(SystemExit) as end:
        main(["fuse", str(study), *arguments])
    assert end.value.code == 0
    out, err = capsys.readouterr()
    answer = json.loads(out)
    assert answer["fused"] == [f"brats2021/ae+gan/seed-{seed}" for seed in (0, 1)]
    assert {row["method"] for row in answer["leaderboard"]} == {
        *("ae", "ae-l1", "gan", "large"),
        "ae+gan",
    }
    assert err == ""
    text = (study / "report.html").read_text()
    assert 'href="#brats2021--ae+gan"' in text
    assert re.search(r"A fusion of ae, gan: mean of their scores, scale rank", text)


def test_the_runs_remember_where_their_images_are(study, root, tmp_path, monkeypatch):
    ensemble = Ensemble(members=("ae", "ae-l1"))
    known = folder(study, "ae").read_record().data.source
    assert known == DataSource(root=str(root))
    assert fuse(study, ensemble).done == ["brats2021/ae+ae-l1/seed-0"]
    assert folder(study, "ae+ae-l1").read_record().data == folder(study, "ae").read_record().data
    # The data has moved: another root is given, or the default one has it.
    for run in study.glob("*/*/*/run.json"):
        run.write_text(run.read_text().replace(str(root), str(tmp_path / "gone")))
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(DataError, match="MedIAnomaly-Data"):
        fuse(study, ensemble)
    fuse(study, ensemble, root=str(root))
    monkeypatch.setenv("MIA_DATA_ROOT", str(root))
    fuse(study, ensemble)


def test_other_images_of_the_same_names_are_refused(study, root, tmp_path):
    shutil.copytree(root / "BraTS2021", tmp_path / "BraTS2021")
    first = min((tmp_path / "BraTS2021" / "test" / "normal").iterdir())
    Image.fromarray(255 - np.asarray(Image.open(first))).save(first)
    with pytest.raises(StudyError, match="the test images of brats2021 are not those of"):
        fuse(study, Ensemble(members=("ae", "ae-l1")), root=str(tmp_path))
