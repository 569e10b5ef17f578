"""MLflow's runs hold what runs went through, also those of worker processes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from mia_bench.errors import StudyError
from mia_bench.execution.execute import execute
from mia_bench.execution.local import LocalExecutor
from mia_bench.run_folder.data_record import DataSource
from mia_bench.run_folder.folder import RunFolder, State
from mia_bench.study.executor_options import ExecutorOptions
from mia_bench.tracking import make_trackers


class Silent:
    """A display that shows nothing."""

    def show_progress(self, run: str, progress: object) -> None:
        pass

    def show_end(self, run: str, state: State, note: str) -> None:
        pass


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
    lost = replace(run, source=DataSource(root=str(tmp_path / "nowhere")))
    assert execute(lost, tmp_path, "cpu", [tracker]) is State.FAILED
    client = MlflowClient(tracking_uri=tracker.address)
    (failed,) = client.search_runs([tracker.experiment])
    assert failed.info.status == "FAILED"
    assert execute(run, tmp_path, "cpu", [tracker]) is State.FINISHED
    (told,) = client.search_runs([tracker.experiment])
    assert told.info.run_id == failed.info.run_id
    assert told.info.status == "FINISHED"


def test_mlflow_on_a_cluster_needs_a_server(tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    with pytest.raises(StudyError, match="needs a server: set MLFLOW_TRACKING_URI"):
        make_trackers(["mlflow"], study="test", out=tmp_path, executor="ray")
    assert not list(tmp_path.iterdir())
