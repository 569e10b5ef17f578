"""What a study will take, before anything starts: time and disk of the runs that are left."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import mia_data
import numpy as np

from mia_bench import leaderboard, providers
from mia_bench.errors import StudyError
from mia_bench.runfolder import RunFolder, State

if TYPE_CHECKING:
    from mia_bench.plan import Run

SAMPLE = 64  # images that an unknown run is timed on


@dataclass(frozen=True)
class Estimate:
    """A run and what it will take.

    Attributes:
        run: The run.
        state: Where it stands.
        seconds: Of training and scoring; measured where it is finished.
        bytes: Of its folder; measured where it is finished.
        source: ``"done"``, ``"other seeds"`` or ``"sample"``: what the estimate comes from.
    """

    run: Run
    state: State
    seconds: float
    bytes: int
    source: str


def estimate(runs: list[Run], out: Path, *, device: str) -> list[Estimate]:
    """Estimate every run of a plan.

    A finished run tells of itself and of the other seeds of its dataset and method; for the rest
    an epoch is timed on a few random images of the right size, once for each method and size.
    """
    timed: dict[tuple[object, ...], _Cost] = {}
    known = _finished(out)
    return [_estimate(run, RunFolder(out / run.name), known, timed, device) for run in runs]


@dataclass(frozen=True)
class _Cost:
    """Seconds to train on an image once and to score it; bytes of the saved model."""

    train: float
    score: float
    model: int


def _finished(out: Path) -> dict[tuple[str, str], RunFolder]:
    try:
        folders = leaderboard.find_runs(out)
    except StudyError:
        return {}
    return {(f.path.parts[-3], f.path.parts[-2]): f for f in folders if f.state() is State.FINISHED}


def _estimate(
    run: Run,
    folder: RunFolder,
    known: dict[tuple[str, str], RunFolder],
    timed: dict[tuple[object, ...], _Cost],
    device: str,
) -> Estimate:
    state = folder.state()
    other = folder if state is State.FINISHED else known.get((run.dataset, run.label))
    if other is not None and _same_but_seed(run, other):
        seconds = sum(other.read_result()["seconds"].values())
        source = "done" if state is State.FINISHED else "other seeds"
        return Estimate(run, state, seconds, _size(other.path), source)
    key = (run.method, run.channels, run.image_size, repr(sorted(run.options.items())))
    if key not in timed:
        timed[key] = _time(run, device)
    cost = timed[key]
    train, test = _counts(run.dataset)
    seconds = run.epochs * train * cost.train + (train + test) * cost.score
    has_map = providers.method(run.method).info.has_map
    maps = test * run.image_size**2 * np.dtype(np.float32).itemsize if has_map else 0
    return Estimate(run, state, seconds, cost.model + maps, "sample")


def _same_but_seed(run: Run, other: RunFolder) -> bool:
    before = other.read_result()["settings"]
    return {**before, "seed": run.seed} == run.settings()


def _time(run: Run, device: str) -> _Cost:
    shape = (SAMPLE, run.channels, run.image_size, run.image_size)
    images = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    detector = replace(run, epochs=1).build()
    detector.fit(images, epochs=1, device=device)  # the first time loads libraries
    start = time.perf_counter()
    detector.fit(images, epochs=1, device=device)
    fitted = time.perf_counter()
    detector.predict(images, device=device)
    scored = time.perf_counter()
    with TemporaryDirectory() as folder:
        detector.save(Path(folder, "model"))
        size = _size(Path(folder))
    return _Cost((fitted - start) / SAMPLE, (scored - fitted) / SAMPLE, size)


def _counts(dataset: str) -> tuple[int, int]:
    """Training and test images that the dataset should have."""
    counts = mia_data.info(dataset).counts
    return counts.train_normal or 0, (counts.test_normal or 0) + (counts.test_abnormal or 0)


def _size(path: Path) -> int:
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
