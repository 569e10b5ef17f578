"""Damaged study files, tables, lists and results are read or refused."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import mia_bench
import mia_data
import numpy as np
from cases import Tally, run_cases
from damage import damaged
from mia_bench.report.write import write_report
from mia_bench.study.plan import list_runs
from PIL import Image

STUDY = """name = "small"
seeds = [0, 1]
select = "pseudo_auroc"
[datasets.phantom]
[datasets.mine]
folder = "images"
patients = "p[0-9]+"
[methods.ae]
epochs = 3
options = { batch_size = 16, width = 4 }
[methods.nsa]
image_size = 64
[executor]
name = "local"
jobs = 2
"""
RUN_FILES = ("run.json", "scores.csv", "gallery.npz", "samples.npz", "resamples.npz", "maps.npy")


def tallies(count: int, seed: int) -> list[Tally]:
    """Return how ``count`` damaged files of each kind ended."""
    cases = [(seed, number) for number in range(count)]
    with tempfile.TemporaryDirectory() as name:
        study = make_study(Path(name, "study"))
        damaged_runs = [(study, *case) for case in cases[: count // 2]]
        return [
            run_cases("study files", read_study, cases),
            run_cases("tables and lists of images", read_list, cases),
            run_cases("results of runs", report, damaged_runs),
        ]


def read_study(case: tuple[int, int]) -> str:
    """Read one damaged study file and list its runs."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "study.toml")
        path.write_bytes(damaged(STUDY.encode(), np.random.default_rng(case)))
        try:
            list_runs(mia_bench.read_study(path))
        except (mia_bench.StudyError, mia_data.DataError) as error:
            return _refused(error)
    return "right"


def read_list(case: tuple[int, int]) -> str:
    """Load images by one damaged table or data.json."""
    rng = np.random.default_rng(case)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("images", "BrainTumor/images"):
            (folder / part).mkdir(parents=True)
            for number in range(6):
                pixels = np.full((8, 8), 20 * number, np.uint8)
                Image.fromarray(pixels).save(folder / part / f"{number}.png")
        try:
            if rng.integers(2):
                rows = [
                    f"images/{i}.png,{'train' if i < 3 else 'test'},{int(i > 4)},p{i}"
                    for i in range(6)
                ]
                text = "\n".join(["path,split,label,patient", *rows, ""])
                (folder / "t.csv").write_bytes(damaged(text.encode(), rng))
                found = mia_data.from_manifest(
                    folder / "t.csv", "test", size=8, cache_dir=folder / "c"
                )
            else:
                split = {"0": ["0.png", "1.png"]}
                index = {"train": split, "test": {"0": ["2.png", "3.png"], "1": ["4.png"]}}
                text = json.dumps(index, indent=1)
                (folder / "BrainTumor/data.json").write_bytes(damaged(text.encode(), rng))
                found = mia_data.load(
                    "braintumor", "test", root=folder, size=8, cache_dir=folder / "c"
                )
        except mia_data.DataError as error:
            return _refused(error)
        if len(found.images) != len(found.labels) or set(found.labels.tolist()) - {-1, 0, 1}:
            return f"wrong: {len(found.images)} images and the labels {found.labels.tolist()}"
    return "right"


def make_study(folder: Path) -> Path:
    """Do a small study of two runs in a process of its own, and return its folder."""
    options = ("--datasets", "phantom", "--methods", "ae", "--epochs", "1", "--seeds", "0,1")
    program = [sys.executable, "-m", "mia_bench", "run", *options, "--device", "cpu"]
    subprocess.run([*program, "--out", str(folder), "--json"], check=True, capture_output=True)
    return folder


def report(case: tuple[Path, int, int]) -> str:
    """Report a study of which one file of a run is damaged."""
    study, *seeds = case
    rng = np.random.default_rng(seeds)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "study")
        shutil.copytree(study, folder)
        path = folder / "phantom/ae/seed-0" / RUN_FILES[rng.integers(len(RUN_FILES))]
        path.write_bytes(damaged(path.read_bytes(), rng))
        try:
            found = write_report(folder)
        except mia_bench.StudyError as error:
            return _refused(error)
        if len(found.leaderboard.rows) != 1 or found.page is None:
            return f"wrong: {len(found.leaderboard.rows)} rows of a study with a whole run"
    return "refused" if found.unreadable else "right"


def _refused(error: Exception) -> str:
    text = str(error)
    # A text that repeats a damaged file may have several lines; programs print it as one.
    line = " ".join(text.split())
    return "refused" if line else "wrong: an error without a text"
