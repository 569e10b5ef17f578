"""Trackers write what a run went through, are read back, and never cost a run."""

from __future__ import annotations

from dataclasses import replace

import pytest
from mia_bench.errors import StudyError
from mia_bench.execution.execute import execute
from mia_bench.execution.local import LocalExecutor
from mia_bench.run_folder.folder import RunFolder, State
from mia_bench.study.config import DatasetEntry, MethodEntry, Study, parse_study
from mia_bench.study.executor_options import ExecutorOptions
from mia_bench.study.plan import plan
from mia_bench.tracking import check_trackers, make_trackers


class Silent:
    """A display that shows nothing."""

    def show_progress(self, run: str, progress: object) -> None:
        pass

    def show_end(self, run: str, state: State, note: str) -> None:
        pass


@pytest.fixture
def run():
    options = {"width": 4, "hidden": 16}
    study = Study(
        name="test",
        datasets=(DatasetEntry(name="brats2021"),),
        methods=(MethodEntry(label="ae", method="ae", epochs=3, options=options),),
    )
    return plan(study)[0]


def test_tensorboard_holds_losses_settings_and_metrics(run, root, tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    trackers = make_trackers(["tensorboard"], study="test", out=tmp_path)
    assert execute(run, tmp_path, str(root), "cpu", trackers) is State.FINISHED
    folder = RunFolder(tmp_path / run.name)
    result = folder.read_record()
    events = EventAccumulator(str(folder.path / "tensorboard"))
    events.Reload()
    losses = [(point.step, point.value) for point in events.Scalars("loss/loss")]
    expected = [(point.epoch, pytest.approx(point.losses["loss"])) for point in result.losses]
    assert losses == expected
    assert [point.value for point in events.Scalars("learning_rate")] == pytest.approx([1e-3] * 3)
    assert events.Scalars("metric/auroc")[0].value == pytest.approx(result.metrics["auroc"])
    summaries = events.summary_metadata["_hparams_/session_start_info"].plugin_data.content
    assert b"options.width" in summaries


def test_mlflow_holds_losses_settings_and_metrics_of_worker_processes(
    run, root, tmp_path, monkeypatch
):
    from mlflow import MlflowClient

    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    runs = [run, replace(run, seed=1)]
    trackers = make_trackers(["mlflow"], study="my study", out=tmp_path)
    ends = LocalExecutor(ExecutorOptions(jobs=2), "cpu").run(
        runs,
        tmp_path,
        roots={"brats2021": str(root)},
        trackers=trackers,
        display=Silent(),
    )
    assert {end.state for end in ends.values()} == {State.FINISHED}
    client = MlflowClient(tracking_uri=f"sqlite:///{tmp_path / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("my study").experiment_id
    found = {each.info.run_name: each for each in client.search_runs([experiment])}
    assert set(found) == {each.name for each in runs}
    for each in runs:
        told, result = found[each.name], RunFolder(tmp_path / each.name).read_record()
        assert told.info.status == "FINISHED"
        assert told.data.params["options.width"] == "4"
        assert told.data.params["seed"] == str(each.seed)
        assert told.data.metrics["auroc"] == pytest.approx(result.metrics["auroc"])
        history = client.get_metric_history(told.info.run_id, "loss/loss")
        curve = {point.step: point.value for point in history}
        assert curve == {p.epoch: pytest.approx(p.losses["loss"]) for p in result.losses}


def test_the_next_try_of_a_run_goes_on_with_the_same_run_of_mlflow(
    run, root, tmp_path, monkeypatch
):
    from mlflow import MlflowClient

    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    (tracker,) = make_trackers(["mlflow"], study="test", out=tmp_path)
    assert execute(run, tmp_path, str(tmp_path / "nowhere"), "cpu", [tracker]) is State.FAILED
    client = MlflowClient(tracking_uri=tracker.address)
    (failed,) = client.search_runs([tracker.experiment])
    assert failed.info.status == "FAILED"
    assert execute(run, tmp_path, str(root), "cpu", [tracker]) is State.FINISHED
    (told,) = client.search_runs([tracker.experiment])
    assert told.info.run_id == failed.info.run_id
    assert told.info.status == "FINISHED"


class Fails:
    """A tracker whose server is lost after the first epoch."""

    def begin(self, run, folder):
        return self

    def epoch(self, number, values):
        if number > 1:
            msg = "the server is lost"
            raise ConnectionError(msg)

    def finish(self, metrics):
        msg = "told after it was given up"
        raise AssertionError(msg)


def test_a_tracker_that_fails_costs_no_run(run, root, tmp_path):
    assert execute(run, tmp_path, str(root), "cpu", [Fails()]) is State.FINISHED
    log = RunFolder(tmp_path / run.name).log.read_text()
    assert log.count("the server is lost") == 1
    assert "the run goes on without this tracking" in log
    assert "told after it was given up" not in log


def test_a_study_switches_tracking_on_in_one_line():
    tables = {"datasets": {"phantom": {}}, "methods": {"ae": {}}}
    assert parse_study({**tables, "tracking": "mlflow"}, name="x").tracking == ("mlflow",)
    both = ["mlflow", "tensorboard"]
    assert parse_study({**tables, "tracking": both}, name="x").tracking == tuple(both)
    assert parse_study(tables, name="x").tracking == ()
    with pytest.raises(StudyError, match="unknown tracking 'tensorbord'; did you mean 'tensorboa"):
        check_trackers(["tensorbord"])


@pytest.mark.parametrize("name", ["tensorboard", "mlflow"])
def test_a_missing_package_is_named_with_what_to_install(monkeypatch, name):
    monkeypatch.setattr("mia_bench.tracking.registry.find_spec", lambda package: None)
    with pytest.raises(StudyError, match=r"not installed: pip install 'mia-bench\[tracking\]'"):
        check_trackers([name])


def test_mlflow_on_a_cluster_needs_a_server(tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    with pytest.raises(StudyError, match="needs a server: set MLFLOW_TRACKING_URI"):
        make_trackers(["mlflow"], study="test", out=tmp_path, executor="ray")
    assert not list(tmp_path.iterdir())
