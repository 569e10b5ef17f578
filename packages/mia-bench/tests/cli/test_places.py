"""A study runs in odd places: files named as Python's modules, no TMPDIR, ASCII, a strict umask."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(sys.executable).with_name("mia-bench")
STUDY = """
seeds = [0]
[datasets.phantom]
image_size = 64
[methods._ae]
method = "ae"
epochs = 1
options = {batch_size = 8, width = 4, hidden = 32}
"""
UMASK = 0o027


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """The folder that a study was run in, and how that ended."""
    folder = tmp_path_factory.mktemp("place")
    modules = ("types", "random", "select") if sys.version_info >= (3, 11) else ()
    for name in modules:
        (folder / f"{name}.py").write_text("raise RuntimeError('not the one of Python')\n")
    (folder / "s.toml").write_text(STUDY)
    settings = {
        **{key: value for key, value in os.environ.items() if key != "LANG"},
        **{"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        **{"TMPDIR": str(folder / "missing"), "OMP_NUM_THREADS": "1"},
        "MIA_CACHE_DIR": str(folder / "cache"),
    }
    arguments = [PROGRAM, "run", "s.toml", "--device", "cpu", "--out", b"lat\xe9"]
    before = os.umask(UMASK)
    try:
        done = subprocess.run(
            list(map(os.fsencode, arguments)),
            cwd=folder,
            env=settings,
            capture_output=True,
            check=False,
        )
    finally:
        os.umask(before)
    return folder, done


def results(folder):
    return Path(os.fsdecode(os.path.join(os.fsencode(folder), b"lat\xe9")))  # noqa: PTH118


@pytest.mark.skipif(sys.platform != "linux", reason="names on other systems are UTF-8")
def test_a_study_is_run_and_reported(place):
    folder, done = place
    assert done.returncode == 0, done.stderr
    assert rb"Page: lat\udce9/report.html" in done.stdout
    with (results(folder) / "leaderboard.csv").open(newline="") as file:
        (line,) = csv.DictReader(file)
    assert line["method"] == "_ae"
    assert 0 < float(line["auroc"]) <= 1


@pytest.mark.skipif(sys.platform != "linux", reason="names on other systems are UTF-8")
def test_no_result_is_more_open_than_the_umask_says(place):
    folder, _ = place
    files = [path for path in results(folder).rglob("*") if not path.is_symlink()]
    assert len(files) > 8
    for path in files:
        open_to = path.stat().st_mode & 0o777
        assert not open_to & UMASK, path
        expected = 0o777 if path.is_dir() else 0o666
        if path.name != ".lock":
            assert open_to == expected & ~UMASK, path
