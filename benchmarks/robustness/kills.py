"""Programs that are killed go on to the same result; a full disk is one line."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from cases import Tally
from PIL import Image

PROGRAM = (sys.executable, "-m", "mia_bench")
SMALL = ("--option", "batch_size=8", "--option", "width=4", "--option", "latent=4")
LONGEST = 120  # seconds of one command
AT_ONCE = 2
# Runs a program whose files can have so many bytes; what writes more gets an error, as of a full
# disk, and no signal.
BOUNDED = """
import os, resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
os.execv(sys.argv[2], sys.argv[2:])
"""


def tallies(count: int, seed: int) -> list[Tally]:
    """Kill ``run``, ``fit`` and ``score`` so many times in all, and fill the disk a few times."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        draw(folder / "images", 40)
        study = ("--datasets", "phantom", "--methods", "ae,vae", "--epochs", "4", "--seeds", "0,1")
        run = ("run", *study, "--device", "cpu", "--out")
        own = ("--images", str(folder / "images"))
        fit = ("fit", *own, "--method", "ae", "--image-size", "32", "--epochs", "60", *SMALL)
        model = folder / "model"
        finish((*fit, "--model", str(model)))
        score = ("score", *own, "--model", str(model), "--out")
        commands = {
            "run": (run, "*/*/*/scores.csv"),
            "fit": ((*fit, "--model"), "detector/*.safetensors"),
            "score": (score, "scores.csv"),
        }
        killed = Tally(f"commands that are killed, {3 * (count // 3)} times or more in all")
        full = Tally("programs on a full disk")

        def attack(title: str) -> tuple[Tally, Tally]:
            parts = Tally(killed.title), Tally(full.title)
            command, results = commands[title]
            whole = folder / f"{title}-whole"
            finish((*command, str(whole)))
            expected = contents(whole, results)
            rng = random.Random(f"{seed} {title}")
            kill_often(parts[0], title, command, folder, results, expected, count // 3, rng)
            fill_disk(parts[1], title, command, folder, expected, results)
            return parts

        with ThreadPoolExecutor(AT_ONCE) as pool:
            for parts in pool.map(attack, commands):
                for whole, part in zip((killed, full), parts, strict=True):
                    whole.counts += part.counts
                    whole.faults += part.faults
    return [killed, full]


def draw(folder: Path, count: int) -> None:
    """Draw noisy disks."""
    rng = np.random.default_rng(0)
    folder.mkdir()
    y, x = np.mgrid[:48, :48]
    for number in range(count):
        disk = 100 * (np.hypot(y - 24, x - 24) < 18) + rng.normal(20, 6, (48, 48))
        Image.fromarray(disk.clip(0, 255).astype(np.uint8)).save(folder / f"{number:02}.png")


def finish(words: tuple[str, ...], limit: int | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, with files of at most ``limit`` bytes."""
    bounded = () if limit is None else (sys.executable, "-c", BOUNDED, str(limit))
    return subprocess.run(
        [*bounded, *PROGRAM, *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST,
    )


def contents(out: Path, results: str) -> dict[str, bytes]:
    """Return what a command leaves."""
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.glob(results)}


def kill_often(
    tally: Tally,
    title: str,
    command: tuple[str, ...],
    folder: Path,
    results: str,
    expected: dict[str, bytes],
    count: int,
    rng: random.Random,
) -> None:
    """Kill a command at random moments until it has been killed so often; compare each result."""
    killed, number = 0, 0
    while killed < count:
        out = folder / f"{title}-{number}"
        number += 1
        for _ in range(4):  # then it may end
            program = subprocess.Popen(
                [*PROGRAM, *command, str(out)],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            try:
                program.wait(rng.uniform(1, 8))
            except subprocess.TimeoutExpired:
                os.killpg(program.pid, signal.SIGKILL)
                killed += 1
            if program.wait() != -signal.SIGKILL:
                break
        ended = finish((*command, str(out)))
        if ended.returncode:
            tally.add((title, number), "crash", f"exit code {ended.returncode}: {ended.stderr}")
        elif contents(out, results) != expected:
            tally.add((title, number), "wrong", "another result than without the kills")
        else:
            tally.add((title, number), "right")


def fill_disk(
    tally: Tally,
    title: str,
    command: tuple[str, ...],
    folder: Path,
    expected: dict[str, bytes],
    results: str,
) -> None:
    """Give a command files of a bounded size alone, then as much as it wants."""
    for size in (1_000, 5_000, 20_000, 100_000):
        out = folder / f"{title}-full-{size}"
        found = finish((*command, str(out)), limit=size)
        last = (found.stderr.strip().splitlines() or [""])[-1]
        if "Traceback" in found.stderr:
            tally.add((title, size), "crash", last)
        elif found.returncode and not last.startswith("mia-bench: "):
            tally.add((title, size), "wrong", f"exit code {found.returncode}, {last!r}")
        elif found.returncode == 0 and contents(out, results) != expected:
            tally.add((title, size), "wrong", "exit code 0 without the results")
        else:
            more = ("--retry-failed",) if title == "run" else ()
            finish((*command, str(out), *more))
            whole = contents(out, results) == expected
            kind = "refused" if found.returncode else "right"
            tally.add((title, size), kind if whole else "wrong", "not whole once there was space")
