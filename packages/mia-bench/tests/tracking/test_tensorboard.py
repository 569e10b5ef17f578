"""TensorBoard's event file holds what a run went through."""

from __future__ import annotations

import pytest
from mia_bench.execution.execute import execute
from mia_bench.run_folder.folder import RunFolder, State
from mia_bench.tracking import make_trackers


def test_tensorboard_holds_losses_settings_and_metrics(run, root, tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    trackers = make_trackers(["tensorboard"], study="test", out=tmp_path)
    assert execute(run, tmp_path, "cpu", trackers) is State.FINISHED
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
