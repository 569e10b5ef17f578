"""The benchmark for GPUs runs on a CPU at a small size, so that it is whole where a card is."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "benchmarks" / "gpu.py"
pytestmark = pytest.mark.skipif(not SCRIPT.exists(), reason="not in the repository")


def test_methods_are_measured_and_failures_are_named(tmp_path):
    out = tmp_path / "gpu.json"
    small = ("--device", "cpu", "--images", "8", "--epochs", "1", "--side", "32", "--runs", "1")
    command = [sys.executable, str(SCRIPT), *small, "--methods", "ae,nsa", "--out", str(out)]
    command += ["--precisions", "32-true"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    facts = json.loads(out.read_text())
    (found,) = facts["methods"]
    assert (found["method"], found["precision"], found["epochs"]) == ("ae", "32-true", 250)
    assert found["epoch_seconds"] > 0
    assert found["scored_per_second"] > 0
    assert found["busy"] is found["peak_memory"] is None
    assert facts["trainings_a_minute"]["1"] > 0
    assert facts["not_measured"] == []
    assert list(facts["failed"]) == ["nsa 32-true"]  # its crops would be too small
    assert ended.returncode == 1
    assert "failed: nsa 32-true: ValueError: expected image_size" in ended.stderr


def test_a_device_that_is_not_there_is_refused(tmp_path):
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    command = [sys.executable, str(SCRIPT), "--out", str(tmp_path / "gpu.json")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "PyTorch finds no CUDA device here" in ended.stderr
