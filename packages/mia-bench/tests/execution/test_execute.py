"""What a run leaves behind, that it repeats to the bit, and that a failure is recorded."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from mia_bench.detectors.plugins import find_method
from mia_bench.execution.execute import execute
from mia_bench.metric_names import PIXEL_METRICS
from mia_bench.run_folder.data_record import DataSource
from mia_bench.run_folder.folder import RunFolder, State
from mia_bench.run_folder.resamples_npz import read_resamples
from mia_bench.study.images import load_split
from mia_bench.study.plan import plan
from mia_bench.study.study import DatasetEntry, MethodEntry, Study


@pytest.fixture
def run(root):
    study = Study(
        name="test",
        datasets=(DatasetEntry(name="brats2021", root=str(root)),),
        methods=(MethodEntry(label="ae", method="ae", epochs=2),),
    )
    return plan(study)[0]


def test_a_run_leaves_everything_a_reader_needs(run, root, tmp_path):
    assert execute(run, tmp_path, "cpu") is State.FINISHED
    folder = RunFolder(tmp_path / run.name)
    result = folder.read_record()
    assert result.settings == run.settings()
    assert json.loads(folder.result.read_text())["settings"] == result.settings.to_json()
    assert (result.images.train, result.images.test) == (40, 24)
    assert [point.epoch for point in result.losses] == [1, 2]
    assert result.machine.device == "cpu"
    assert result.peak_memory.cpu > 50_000_000
    assert min(vars(result.seconds).values()) > 0
    assert set(vars(result.seconds)) == {"load", "fit", "predict", "metrics"}
    ids, labels, scores = folder.read_scores()
    assert len(set(ids)) == 24
    assert labels.tolist() == [0] * 12 + [1] * 12
    maps = np.load(folder.maps)
    np.testing.assert_allclose(maps.mean((1, 2)), scores, rtol=1e-5)
    names = {path.name for path in folder.path.iterdir() if not path.name.startswith(".")}
    files = {"run.json", "scores.csv", "maps.npy", "resamples.npz", "gallery.npz", "samples.npz"}
    assert names == {*files, "log.txt", "model"}
    kept = read_resamples(folder.resamples, result.metrics).pixels
    assert set(kept.resampled) == set(PIXEL_METRICS)
    for name in PIXEL_METRICS:
        low, high = result.intervals[name]
        assert kept.interval(name)[:3] == (result.metrics[name], low, high)


def test_the_saved_model_gives_the_saved_scores(run, root, tmp_path):
    execute(run, tmp_path, "cpu")
    folder = RunFolder(tmp_path / run.name)
    detector = find_method("ae").provider.load(folder.model)
    again = detector.predict(load_split(run, "test").images, device="cpu").score
    np.testing.assert_array_equal(again, folder.read_scores()[2])


def test_the_same_seed_gives_the_same_scores_and_another_one_others(run, root, tmp_path):
    runs = {"a": run, "b": run, "c": replace(run, seed=1)}
    scores = {}
    for name, each in runs.items():
        execute(each, tmp_path / name, "cpu")
        scores[name] = RunFolder(tmp_path / name / each.name).read_scores()[2]
    np.testing.assert_array_equal(scores["a"], scores["b"])
    assert not np.allclose(scores["a"], scores["c"], rtol=1e-3)


def test_a_finished_run_is_left_alone(run, root, tmp_path):
    execute(run, tmp_path, "cpu")
    result = RunFolder(tmp_path / run.name).result
    before = result.stat().st_mtime_ns
    assert execute(run, tmp_path, "cpu") is State.FINISHED
    assert result.stat().st_mtime_ns == before


def test_a_run_that_another_process_does_is_left_to_it(run, root, tmp_path):
    folder = RunFolder(tmp_path / run.name)
    folder.path.mkdir(parents=True)
    with folder.lock():
        assert folder.state() is State.RUNNING
        assert execute(run, tmp_path, "cpu") is State.RUNNING
    assert folder.state() is State.PENDING


def test_a_failure_is_recorded_and_forgotten_once_the_run_succeeds(run, root, tmp_path):
    folder = RunFolder(tmp_path / run.name)
    lost = replace(run, source=DataSource(root=str(tmp_path / "nowhere")))
    assert execute(lost, tmp_path, "cpu") is State.FAILED
    assert folder.state() is State.FAILED
    assert "nowhere" in folder.read_failure().error
    assert "Traceback" in folder.log.read_text()
    assert not folder.result.exists()
    assert execute(run, tmp_path, "cpu") is State.FINISHED
    assert not folder.failure.exists()
