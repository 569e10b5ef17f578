"""Damaged and hostile models: one line and exit code 2, within a bound of memory and time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import mia_bench
import pytest

HERE = Path(__file__).parent


def names():
    spec = spec_from_file_location("model_mutations", HERE / "model_mutations.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return list(module.MUTATIONS)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory, draw_folder, quick):
    """Name -> outcome of each damaged model, all in one process with little memory."""
    folder = tmp_path_factory.mktemp("hostile")
    draw_folder(folder / "normals", 30, seed=1)
    draw_folder(folder / "images", 1, seed=2)
    settings = {**quick, "epochs": 1, "holdout": 0.4, "fpr": 0.1}
    mia_bench.fit(images=folder / "normals", model=folder / "model", **settings)
    assert (folder / "model" / "normal_split.npy").is_file()
    command = [sys.executable, HERE / "hostile_model_process.py"]
    done = subprocess.run(
        [*map(str, command), str(folder / "model"), str(folder / "images"), "0"],
        check=False,
        input=json.dumps(names()),
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return {each["name"]: each for each in json.loads(done.stdout)}


def test_the_model_scores_as_long_as_it_is_whole(outcomes):
    assert outcomes["undamaged"]["code"] == 0


@pytest.mark.skipif(sys.platform != "linux", reason="memory is bounded by Linux's limits")
@pytest.mark.parametrize("name", names())
def test_a_damaged_model_is_one_line_and_exit_code_2(outcomes, name):
    found = outcomes[name]
    assert found["code"] == 2, found
    (line,) = found["stderr"].splitlines()
    assert line.startswith("mia-bench: ")
    assert len(line) < 1500
    assert line.isprintable()
