"""The example script scores a folder as mia-bench does, without PyTorch and our packages."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import mia_bench
import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

SCRIPT = Path(__file__).parents[4] / "docs" / "examples" / "score_folder_onnx.py"
# ``nox -s onnx`` names the interpreter of an environment that has nothing else.
PYTHON = os.environ.get("MIA_BARE_PYTHON", sys.executable)
ALONE = """
import importlib.abc, runpy, sys

class Forbidden(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"torch", "scipy"} or name[:4] == "mia_":
            raise ImportError(f"{name} is forbidden here")

sys.meta_path.insert(0, Forbidden())
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def score(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [PYTHON, "-c", ALONE, str(SCRIPT), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def rows_of(path: Path) -> dict[str, list[float]]:
    with path.open(newline="", encoding="utf-8") as file:
        return {name: list(map(float, rest)) for name, *rest in list(csv.reader(file))[1:]}


@pytest.mark.parametrize("channels", [1, 3])
def test_its_table_is_that_of_mia_bench(model, fit_small, scans, tmp_path, channels):
    if channels == 3:
        model = fit_small("ae", channels=3, resample="bicubic")
    mia_bench.export_model(model, tmp_path / "model.onnx", fpr=0.2)
    result = score(tmp_path / "model.onnx", scans, tmp_path / "scores.csv")
    assert (result.returncode, result.stderr) == (0, "")
    mia_bench.score(
        model=model, images=scans, out=tmp_path / "out", fpr=0.2, heatmaps=False, device="cpu"
    )
    expected, found = rows_of(tmp_path / "out" / "scores.csv"), rows_of(tmp_path / "scores.csv")
    assert found.keys() == expected.keys()
    assert len(found) == 20
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-4, err_msg=name)
    assert len({flag for _, _, flag in found.values()}) == 2


def test_a_broken_file_is_named_and_left_out(model, scans, tmp_path):
    mia_bench.export_model(model, tmp_path / "model.onnx")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "good.png").write_bytes((scans / "00.png").read_bytes())
    (folder / "broken.png").write_bytes(b"no image")
    result = score(tmp_path / "model.onnx", folder, tmp_path / "scores.csv")
    assert result.returncode == 0
    assert "left out" in result.stderr
    assert "broken.png" in result.stderr
    assert list(rows_of(tmp_path / "scores.csv")) == ["good.png"]


def test_it_is_short():
    assert len(SCRIPT.read_text(encoding="utf-8").splitlines()) < 80
