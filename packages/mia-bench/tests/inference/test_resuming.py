"""An interrupted scoring goes on: no image twice, and the output of an uninterrupted one."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import mia_bench
import numpy as np
import pytest
from mia_bench import StudyError
from mia_bench.inference import loaded_model, top_images
from mia_bench.inference.journal import Journal, JournalEntry
from PIL import Image

HIDDEN = ".out.scoring"


@pytest.fixture
def folder(tmp_path, mixed):
    """The mixed folder with a broken file among the others."""
    shutil.copytree(mixed[0], tmp_path / "in")
    (tmp_path / "in" / "n03.png").write_bytes(b"")
    return tmp_path / "in"


@pytest.fixture
def counted(monkeypatch):
    """Number of images scored by each call; an interruption after so many images."""
    state = {"scored": [], "stop": None}
    predict = loaded_model.predict_checked

    def counting(detector, images, **how):
        if state["stop"] is not None and len(state["scored"]) >= state["stop"]:
            raise KeyboardInterrupt
        state["scored"] += [image.tobytes() for image in images]
        return predict(detector, images, **how)

    monkeypatch.setattr(loaded_model, "predict_checked", counting)
    return state


def contents(out):
    """Every file of an output folder, but for the folder's own name."""
    found = {p.relative_to(out).as_posix(): p.read_bytes() for p in out.rglob("*") if p.is_file()}
    found["score.json"] = {**json.loads(found["score.json"]), "out": None}
    return found


@pytest.mark.parametrize("stop", [1, 6, 14])
def test_it_goes_on_to_the_same_output_and_scores_no_image_twice(
    model, folder, tmp_path, counted, monkeypatch, stop
):
    monkeypatch.setattr(top_images, "SHOWN", 5)
    how = {"model": model, "images": folder, "batch_size": 1, "raw_maps": True, "device": "cpu"}
    whole = mia_bench.score(**how, out=tmp_path / "whole" / "out")
    every = list(counted["scored"])
    assert len(every) == whole.images == 15
    counted.update(scored=[], stop=stop)
    with pytest.raises(KeyboardInterrupt):
        mia_bench.score(**how, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert counted["scored"] == every[:stop]
    counted["stop"] = None
    told = []
    found = mia_bench.score(
        **how, out=tmp_path / "out", on_progress=lambda *done: told.append(done)
    )
    assert counted["scored"] == every
    assert told[-1] == (16, 16)
    assert contents(found.out) == contents(whole.out)
    assert found.broken == whole.broken
    assert not (tmp_path / HIDDEN).exists()


def test_a_volume_goes_on_in_its_middle(model, tmp_path, counted):
    nibabel = pytest.importorskip("nibabel")
    (tmp_path / "in").mkdir()
    voxels = np.random.default_rng(0).integers(0, 255, (40, 40, 12)).astype(np.int16)
    nibabel.save(nibabel.Nifti1Image(voxels, np.eye(4)), tmp_path / "in" / "a.nii.gz")
    how = {"model": model, "images": tmp_path / "in", "batch_size": 1, "device": "cpu"}
    whole = mia_bench.score(**how, out=tmp_path / "whole" / "out")
    every = list(counted["scored"])
    counted.update(scored=[], stop=2)
    with pytest.raises(KeyboardInterrupt):
        mia_bench.score(**how, out=tmp_path / "out")
    counted["stop"] = None
    found = mia_bench.score(**how, out=tmp_path / "out")
    assert counted["scored"] == every
    assert contents(found.out) == contents(whole.out)


@pytest.mark.parametrize("change", ["a file", "an option"])
def test_with_other_files_or_options_it_begins_anew(model, folder, tmp_path, counted, change):
    how = {"model": model, "images": folder, "batch_size": 1, "device": "cpu"}
    counted["stop"] = 5
    with pytest.raises(KeyboardInterrupt):
        mia_bench.score(**how, out=tmp_path / "out")
    assert (tmp_path / HIDDEN / "new" / "heatmaps" / "n00.png.png").exists()
    counted.update(scored=[], stop=None)
    if change == "a file":
        (folder / "n00.png").unlink()
    else:
        how["fpr"] = 0.2
    found = mia_bench.score(**how, out=tmp_path / "out")
    assert len(counted["scored"]) == found.images
    names = {path.name for path in (found.out / "heatmaps").iterdir()}
    assert ("n00.png.png" in names) == (change == "an option")


def test_two_processes_do_not_write_the_same_output(model, folder, tmp_path, counted, monkeypatch):
    predict = loaded_model.predict_checked

    def second(detector, images, **how):
        with pytest.raises(StudyError, match="another process is scoring into this folder"):
            mia_bench.score(model=model, images=folder, out=tmp_path / "out")
        return predict(detector, images, **how)

    monkeypatch.setattr(loaded_model, "predict_checked", second)
    found = mia_bench.score(model=model, images=folder, out=tmp_path / "out")
    assert found.images == 15


def test_a_killed_process_leaves_whole_lines_and_goes_on(model, folder, tmp_path):
    big = np.asarray(Image.open(folder / "n00.png").resize((600, 500)))
    for i in range(60):
        Image.fromarray(big).save(folder / f"z{i:02}.png")
    words = ["score", "--model", model, "--images", folder, "--out", tmp_path / "out"]
    command = [sys.executable, "-m", "mia_bench", *map(str, words), "--batch-size", "1"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, start_new_session=True)
    journal = tmp_path / HIDDEN / "journal.jsonl"
    while process.poll() is None and not (journal.exists() and journal.read_bytes().count(b"\n")):
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    process.stderr.close()
    done = [name for entry in Journal(journal).entries() for name in entry.ids]
    assert 0 < len(done) < 75
    pictures = tmp_path / HIDDEN / "new" / "heatmaps"
    before = {name: (pictures / f"{name}.png").stat().st_mtime_ns for name in done}
    subprocess.run(command, check=True, capture_output=True)
    pictures = tmp_path / "out" / "heatmaps"
    after = {name: (pictures / f"{name}.png").stat().st_mtime_ns for name in done}
    assert after == before
    assert len(list(pictures.iterdir())) == 75
    assert not (tmp_path / HIDDEN).exists()


def test_a_line_that_was_cut_short_is_as_if_it_had_never_been(tmp_path):
    journal = Journal(tmp_path / "journal.jsonl")
    entries = [
        JournalEntry(files=[name], ids=[name], scores=[0.5], top_images=[], broken=[("x", "y")])
        for name in ("a", "b\udc80", "c")
    ]
    for entry in entries[:2]:
        journal.write(entry)
    whole = journal.path.read_bytes()
    for cut in range(1, len(whole) - whole.index(b"\n")):
        journal.path.write_bytes(whole[:-cut])
        assert list(journal.entries()) == entries[:1]
        journal.write(entries[2])
        assert list(journal.entries()) == [entries[0], entries[2]]
