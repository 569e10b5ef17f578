"""A study that is killed again and again, or meets a full disk, ends as one that was left alone."""

from __future__ import annotations

import csv
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest
from safetensors.numpy import load_file

if TYPE_CHECKING:
    from pathlib import Path

SETTLE_SECONDS = 30  # for the system to reap what was killed


@dataclass(frozen=True)
class Command:
    """A study on the command line, without its output folder."""

    arguments: tuple[str, ...]

    def words(self, out: Path, *more: str) -> list[str]:
        base = (sys.executable, "-m", "mia_bench", "run", "--device", "cpu")
        return [*base, *self.arguments, "--out", str(out), *more]

    def run(self, out: Path, *more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(self.words(out, *more), capture_output=True, text=True, check=False)

    def kill(self, out: Path, runs: int, seconds: float) -> bool:
        """Start it and kill its whole process group so long after it has finished so many runs.

        Returns whether it was still going on then.
        """
        study = subprocess.Popen(
            self.words(out),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        while study.poll() is None and len(finished_runs(out)) < runs:
            time.sleep(0.01)
        try:
            study.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(study.pid, signal.SIGKILL)
        return study.wait() == -signal.SIGKILL


def parse(path: Path) -> None:
    """Read a file whole, in the way that its name promises."""
    kind = path.suffix
    if path.name == ".lock":
        assert path.stat().st_size == 0
    elif kind == ".json":
        json.loads(path.read_text(encoding="utf-8"))
    elif kind == ".csv":
        with path.open(newline="", encoding="utf-8") as file:
            widths = {len(row) for row in csv.reader(file)}
        assert len(widths) == 1
        assert path.read_bytes().endswith(b"\n")
    elif kind == ".npy":
        np.load(path, allow_pickle=False)
    elif kind == ".npz":
        with np.load(path, allow_pickle=False) as file:
            assert all(file[name] is not None for name in file.files)
    elif kind == ".safetensors":
        load_file(path)
    elif kind == ".html":
        assert path.read_text(encoding="utf-8").rstrip().endswith("</html>")
    else:
        assert path.name == "log.txt", f"an unexpected file: {path}"
        path.read_text(encoding="utf-8")


def visible_files(out: Path) -> list[Path]:
    """All files but those that are still being written under a hidden, temporary name."""
    files = [path for path in out.rglob("*") if path.is_file()]
    hidden = re.compile(r"/\.(?!lock$)")
    return [path for path in files if not hidden.search(f"/{path.relative_to(out).as_posix()}")]


def check_whole(out: Path) -> None:
    """Every file parses, and a finished run has everything."""
    for path in visible_files(out):
        parse(path)
    for result in out.glob("*/*/*/run.json"):
        names = {path.name for path in result.parent.iterdir()}
        assert {"scores.csv", "gallery.npz", "model", "log.txt"} <= names


def finished_runs(out: Path) -> dict[str, tuple[int, bytes]]:
    """Of each finished run's run.json, when it was written and what it says."""
    return {
        path.relative_to(out).as_posix(): (path.stat().st_mtime_ns, path.read_bytes())
        for path in out.glob("*/*/*/run.json")
    }


def outcome(out: Path) -> dict[str, object]:
    """What must not depend on interruptions: every score and metric of every run."""
    found: dict[str, object] = {}
    for path in sorted(out.glob("*/*/*/run.json")):
        result = json.loads(path.read_text())
        kept = {key: result[key] for key in ("settings", "metrics", "intervals", "losses")}
        scores = (path.parent / "scores.csv").read_bytes()
        maps = (path.parent / "maps.npy").read_bytes()
        found[path.parent.relative_to(out).as_posix()] = (kept, scores, maps)
    return found


def hidden_files(out: Path) -> list[Path]:
    return [p for p in out.rglob(".*") if p.name != ".lock"]


def wait_until_reaped(out: Path) -> None:
    """Until no process of the killed study holds a lock any more."""
    from mia_bench.run_folder.folder import RunFolder, State

    end = time.monotonic() + SETTLE_SECONDS
    folders = [RunFolder(path.parent) for path in out.glob("*/*/*/.lock")]
    while any(folder.state() is State.RUNNING for folder in folders):
        assert time.monotonic() < end, "a killed study's worker still holds its run"
        time.sleep(0.01)


def kill_again_and_again(command: Command, tmp_path: Path, kills: int, seed: int) -> list[int]:
    """Kill a study at random moments and let it end; runs that were finished at each kill."""
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    start = time.monotonic()
    result = command.run(whole)
    assert result.returncode == 0, result.stderr
    total = len(finished_runs(whole))
    one = (time.monotonic() - start) / total
    moments = random.Random(seed)
    before: dict[str, tuple[int, bytes]] = {}
    counts: list[int] = []
    while len(counts) < kills:
        # While it starts, in the middle of a run, between two of them, or while it writes results:
        # seldom after its end, which would only be a study more.
        done = len(finished_runs(killed))
        left = total - done
        further = moments.randint(0, min(-(-2 * total // kills), left))
        longest = min(3, left + 1) if not further else 1 if further < left else 0.25
        if not command.kill(killed, done + further, moments.uniform(0, longest * one)):
            continue
        wait_until_reaped(killed)
        check_whole(killed)
        now = finished_runs(killed)
        assert {name: now[name] for name in before} == before, "a finished run was done again"
        before = now
        counts.append(len(now))
    result = command.run(killed)
    assert result.returncode == 0, result.stderr
    check_whole(killed)
    now = finished_runs(killed)
    assert {name: now[name] for name in before} == before
    assert outcome(killed) == outcome(whole)
    assert hidden_files(killed) == []
    assert [path.name for path in killed.glob("*/*/*/checkpoint")] == []
    return counts


@pytest.fixture
def command(root, tmp_path) -> Command:
    """Two small methods by two seeds."""
    study = tmp_path / "study.toml"
    options = "options = { width = 4, hidden = 32, latent = 4, batch_size = 8 }"
    methods = "\n".join(f"[methods.{name}]\nepochs = 30\n{options}" for name in ("ae", "aeu"))
    study.write_text(f"seeds = [0, 1]\n[datasets.brats2021]\n{methods}\n")
    return Command((str(study), "--root", str(root)))


def test_a_study_killed_three_times_ends_as_if_it_was_not(command, tmp_path):
    # With this seed: in the second run, in the third and in the fourth.
    assert len(kill_again_and_again(command, tmp_path, kills=3, seed=394)) == 3


@pytest.mark.slow
def test_the_phantom_by_six_methods_by_three_seeds_killed_ten_times(tmp_path):
    methods = ("--methods", "ae,ae-l1,vae,memae,ceae,aeu")
    command = Command(("--datasets", "phantom", *methods, "--seeds", "0,1,2", "--epochs", "2"))
    counts = kill_again_and_again(command, tmp_path, kills=10, seed=0)
    print("finished runs at each kill:", counts)
    assert counts == sorted(counts)
    assert len(outcome(tmp_path / "killed")) == 18


@contextmanager
def small_disk(folder: Path, size: int):
    """A file system of so many bytes in memory, or a skip where there may be none."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    try:
        made = subprocess.run(mount, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("this system has no mount")
    if made.returncode:
        pytest.skip(f"a tmpfs may not be mounted here: {made.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_one_line_and_the_study_ends_equal_once_there_is_space(command, tmp_path):
    whole, disk = tmp_path / "whole", tmp_path / "disk"
    command = Command((*command.arguments, "--epochs", "2"))
    assert command.run(whole).returncode == 0
    run = sum(path.stat().st_size for path in whole.glob("*/*/*/**/*") if path.is_file()) // 4
    with small_disk(disk, 20 * run):
        out, ballast = disk / "out", disk / "ballast"
        ballast.write_bytes(bytes(20 * run - 5 * run // 2))  # leaves room for two of the four runs
        full = command.run(out)
        assert full.returncode == 1, full.stderr
        assert "Traceback" not in full.stderr
        last = full.stderr.splitlines()[-1]
        assert last.startswith("mia-bench: ")
        assert "No space left on device" in last
        assert "runs failed: brats2021/" in last
        check_whole(out)
        done = finished_runs(out)
        assert 0 < len(done) < 4
        assert hidden_files(out) == []
        ballast.unlink()
        again = command.run(out, "--retry-failed")
        assert again.returncode == 0, again.stderr
        check_whole(out)
        now = finished_runs(out)
        assert {name: now[name] for name in done} == done
        assert outcome(out) == outcome(whole)
        assert hidden_files(out) == []
