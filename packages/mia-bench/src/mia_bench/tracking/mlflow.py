"""MLflow: an MLflow run for each run, in the study's folder or on a server."""

from __future__ import annotations

import logging
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mia_bench.errors import StudyError
from mia_bench.files import write_text
from mia_bench.tracking.session import parameters

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow import MlflowClient

    from mia_bench.run_folder.folder import RunFolder
    from mia_bench.study.plan import Run

ADDRESS = "MLFLOW_TRACKING_URI"


@dataclass(frozen=True)
class MLflow:
    """The address and the experiment that runs are logged to."""

    address: str
    experiment: str

    def begin(self, run: Run, folder: RunFolder) -> MLflowSession:
        """Begin a session; the next try of a run goes on with the same MLflow run."""
        client = _client(self.address)
        path = folder.path / "mlflow.txt"
        if path.exists():
            number = path.read_text(encoding="utf-8").strip()
            client.update_run(number, status="RUNNING")
        else:
            number = client.create_run(self.experiment, run_name=run.name).info.run_id
            for name, value in parameters(run).items():
                client.log_param(number, name, value)
            write_text(path, number + "\n")
        return MLflowSession(client, number)


def prepare(*, study: str, out: Path, executor: str) -> MLflow:
    """Make the experiment once, before the workers would all at once.

    Raises:
        StudyError: The server does not answer, or there is none and workers on other machines
            cannot write to a file.
    """
    address = os.environ.get(ADDRESS)
    if address is None:
        if executor != "local":
            msg = f"tracking with mlflow on a cluster needs a server: set {ADDRESS} to its address"
            raise StudyError(msg)
        out.mkdir(parents=True, exist_ok=True)
        address = f"sqlite:///{(out / 'mlflow.db').resolve()}"
    try:
        client = _client(address)
        known = client.get_experiment_by_name(study)
        made = known.experiment_id if known else client.create_experiment(study)
    except Exception as error:  # MLflow lets through what its stores raise
        msg = f"cannot track with mlflow at {address}: {error}"
        raise StudyError(msg) from error
    return MLflow(address, made)


class MLflowSession:
    """Metrics of one run of MLflow."""

    def __init__(self, client: MlflowClient, run: str) -> None:
        self._client = client
        self._run = run

    def epoch(self, number: int, values: dict[str, float]) -> None:
        """Log a point of each curve."""
        self._log(values, number)

    def finish(self, metrics: dict[str, float]) -> None:
        """Log the metrics beside the curves."""
        self._log(metrics, 0)
        self._client.set_terminated(self._run, "FINISHED")

    def fail(self) -> None:
        """Mark the MLflow run as failed; its curves stay."""
        self._client.set_terminated(self._run, "FAILED")

    def _log(self, values: dict[str, float], step: int) -> None:
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        metrics = [Metric(name, value, now, step) for name, value in values.items()]
        self._client.log_batch(self._run, metrics=metrics)


def _client(address: str) -> MlflowClient:
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # names of hospitals' studies
    for talkative in ("mlflow", "alembic"):
        logging.getLogger(talkative).setLevel(logging.WARNING)
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=address)
