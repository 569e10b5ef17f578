"""What a study will take, before anything starts: time and disk of the runs that are left."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import mia_data
import numpy as np

from mia_bench.detectors import plugins
from mia_bench.errors import StudyError
from mia_bench.run_folder.folder import RunFolder, State, find_runs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mia_bench.detectors.protocol import Detector
    from mia_bench.study.plan import Run

# Images that an unknown run is timed on: the second number where the first is done in no time.
SAMPLES, SECONDS = (8, 64), 1.0
UNKNOWN = "nothing: its weights are missing"
_CHECKPOINT = 3  # times the model: its weights and the two moments that Adam keeps of each


@dataclass(frozen=True)
class Estimate:
    """A run and what it will take.

    Attributes:
        run: The run.
        state: Where it stands.
        seconds: Of training and scoring; measured where it is finished. 0 where nothing is known.
        bytes: Of its folder; measured where it is finished.
        working_bytes: More than that while it goes on, for its checkpoint.
        source: ``"done"``, ``"other seeds"`` or ``"sample"``: what the estimate comes from; in
            ``"sample, published counts"`` the dataset is not there yet; ``UNKNOWN``: nothing.
    """

    run: Run
    state: State
    seconds: float
    bytes: int
    working_bytes: int
    source: str


def estimate(
    runs: list[Run],
    out: Path,
    *,
    roots: Mapping[str, str | None],
    device: str,
    on_timing: Callable[[str], None] = lambda what: None,
) -> list[Estimate]:
    """Estimate every run of a plan.

    A finished run tells of itself and of the other seeds of its dataset and method; for the rest
    an epoch is timed on a few random images of the right size, once for each method and size.

    Args:
        runs: The plan.
        out: Where runs may be finished.
        roots: Where each dataset's folder lies; None: the default.
        device: Settled: no ``"auto"``.
        on_timing: Told what is about to be timed.
    """
    timed: dict[tuple[object, ...], _Cost | None] = {}
    known = _finished(out)
    images = {name: _images(name, root) for name, root in roots.items()}
    found = []
    for run in runs:
        folder = RunFolder(out / run.name)
        each = _from_finished(run, folder, known)
        if each is None:
            key = (run.method, run.channels, run.image_size, repr(sorted(run.options.items())))
            if key not in timed:
                on_timing(f"{run.label} at {run.image_size} px")
                timed[key] = _time(run, device)
            cost = timed[key]
            if cost is None:
                each = Estimate(run, folder.state(), 0.0, 0, 0, UNKNOWN)
            else:
                each = _from_sample(run, folder, cost, images[run.dataset])
        found.append(each)
    return found


@dataclass(frozen=True)
class _Cost:
    """What a method costs.

    Attributes:
        train: Seconds to train on an image once.
        score: Seconds to score an image.
        epoch_images: Images of an epoch, where they do not depend on the dataset.
        model: Bytes of the saved model.
    """

    train: float
    score: float
    epoch_images: int | None
    model: int


@dataclass(frozen=True)
class _Images:
    """Images of a dataset: those in its folder, or those it should have."""

    train: int
    test: int
    counted: bool


def _finished(out: Path) -> dict[tuple[str, str], RunFolder]:
    try:
        folders = find_runs(out)
    except StudyError:
        return {}
    return {(f.path.parts[-3], f.path.parts[-2]): f for f in folders if f.state() is State.FINISHED}


def _from_finished(
    run: Run, folder: RunFolder, known: dict[tuple[str, str], RunFolder]
) -> Estimate | None:
    state = folder.state()
    other = folder if state is State.FINISHED else known.get((run.dataset, run.label))
    if other is None or not _same_but_seed(run, other):
        return None
    seconds = other.read_record().seconds.total
    source = "done" if state is State.FINISHED else "other seeds"
    checkpoint = _CHECKPOINT * _size(other.model)
    return Estimate(run, state, seconds, _size(other.path), checkpoint, source)


def _from_sample(run: Run, folder: RunFolder, cost: _Cost, images: _Images) -> Estimate:
    state = folder.state()
    has_map = plugins.method(run.method).info.has_map
    maps = images.test * run.image_size**2 * np.dtype(np.float32).itemsize if has_map else 0
    epoch = images.train if cost.epoch_images is None else cost.epoch_images
    seconds = run.epochs * epoch * cost.train + (images.train + images.test) * cost.score
    source = "sample" if images.counted else "sample, published counts"
    return Estimate(run, state, seconds, cost.model + maps, _CHECKPOINT * cost.model, source)


def _same_but_seed(run: Run, other: RunFolder) -> bool:
    return replace(other.read_record().settings, seed=run.seed) == run.settings()


def _time(run: Run, device: str) -> _Cost | None:
    """What the method costs on random images, None where its pretrained weights are missing."""
    try:
        detector: Any = run.build()
    except FileNotFoundError:
        return None
    # An epoch of so many steps, however many images there are: one step of it is timed.
    steps = getattr(getattr(detector, "options", None), "steps_per_epoch", None)
    if steps:
        detector = replace(run, options={**run.options, "steps_per_epoch": 1}).build()
    _fit_seconds(detector, run, SAMPLES[0], device)  # the first time loads libraries
    for count in SAMPLES:
        seconds = _fit_seconds(detector, run, count, device)
        if seconds > SECONDS:
            break
    start = time.perf_counter()
    detector.predict(_random_images(run, count), device=device)
    scoring = time.perf_counter() - start
    batch = detector.settings.batch_size if steps else count
    with TemporaryDirectory() as folder:
        detector.save(Path(folder, "model"))
        size = _size(Path(folder))
    return _Cost(seconds / batch, scoring / count, steps * batch if steps else None, size)


def _fit_seconds(detector: Detector, run: Run, count: int, device: str) -> float:
    """Seconds of an epoch over so many images."""
    images = _random_images(run, count)
    start = time.perf_counter()
    detector.fit(images, epochs=1, device=device)
    return time.perf_counter() - start


def _random_images(run: Run, count: int) -> np.ndarray:
    shape = (count, run.channels, run.image_size, run.image_size)
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def _images(dataset: str, root: str | None) -> _Images:
    try:
        counts, counted = mia_data.count(dataset, root=root), True
    except mia_data.MissingDataError:
        counts, counted = mia_data.info(dataset).counts, False
    test = (counts.test_normal or 0) + (counts.test_abnormal or 0)
    return _Images(counts.train_normal or 0, test, counted)


def _size(path: Path) -> int:
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
