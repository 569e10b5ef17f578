"""The benchmark of detection measures methods with maps and without."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

SCRIPT = Path(__file__).parents[3] / "benchmarks" / "detection.py"
pytestmark = pytest.mark.skipif(not SCRIPT.exists(), reason="not in the repository")


@pytest.fixture
def root(tmp_path):
    rng = np.random.default_rng(0)
    for folder, count in (("train/normal", 6), ("test/normal", 3), ("test/abnormal", 3)):
        (tmp_path / "spots" / folder).mkdir(parents=True)
        for number in range(count):
            pixels = rng.integers(90, 110, (64, 64), dtype=np.uint8)
            if folder == "test/abnormal":
                pixels[20:40, 20:40] = 255
            Image.fromarray(pixels).save(tmp_path / "spots" / folder / f"{number}.png")
    return tmp_path


@pytest.fixture
def masks(root):
    folder = root / "spots" / "masks" / "abnormal"
    folder.mkdir(parents=True)
    pixels = np.zeros((64, 64), dtype=np.uint8)
    pixels[20:40, 20:40] = 255
    for number in range(3):
        Image.fromarray(pixels).save(folder / f"{number}.png")


def measured(root, method, *arguments):
    command = [sys.executable, str(SCRIPT), "--root", str(root), "--sets", "spots"]
    command += ["--methods", method, "--epochs", f"{method}=1", "--threads", "1", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    header, _, row = ended.stdout.splitlines()
    names, cells = ([x.strip() for x in line.strip("|").split("|")] for line in (header, row))
    return dict(zip(names, cells, strict=True))


@pytest.mark.usefixtures("masks")
def test_pixels_are_measured_where_a_method_has_maps(root):
    row = measured(root, "ae")
    assert (row["set"], row["method"], row["seed"]) == ("spots", "ae", "0")
    assert float(row["AUROC"]) == 1.0  # the spots are much brighter than anything else
    assert 0.5 < float(row["pixel AP"]) <= 1
    assert 0.5 < float(row["best Dice"]) <= 1


@pytest.mark.usefixtures("masks")
def test_a_method_without_maps_has_no_pixel_metrics(root):
    row = measured(
        root, "cutpaste-3way-2stage", "--option", "steps_per_epoch=1", "--option", "batch_size=2"
    )
    assert 0 <= float(row["AUROC"]) <= 1
    assert row["pixel AP"] == row["best Dice"] == ""
