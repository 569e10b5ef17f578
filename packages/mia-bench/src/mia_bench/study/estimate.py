"""Time and disk that the runs of a plan will take."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import mia_data
import numpy as np

from mia_bench.detectors import plugins
from mia_bench.errors import StudyError
from mia_bench.run_folder.folder import RunFolder, State, find_runs
from mia_bench.study.images import count_images
from mia_bench.study.sample_timing import (
    FEW_EPOCHS,
    SampleCost,
    folder_bytes,
    time_on_sample,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mia_bench.run_folder.data_record import DataSource
    from mia_bench.study.plan import Run

UNKNOWN = "nothing: its weights are missing"
_CHECKPOINT = 3  # times the model: its weights and the two moments that Adam keeps of each


@dataclass(frozen=True)
class Estimate:
    """Time and disk that one run will take.

    Attributes:
        run: The run.
        state: Its state.
        seconds: Seconds of training and scoring; measured where it is finished, 0 where nothing is
            known.
        bytes: Bytes of its folder; measured where it is finished.
        working_bytes: Further bytes while it goes on, for its checkpoint.
        source: What the estimate comes from: ``"done"``, ``"other seeds"``, ``"sample"``,
            ``"sample, published counts"`` where the dataset is not there yet, or ``UNKNOWN``.
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
    device: str,
    on_timing: Callable[[str], None] = lambda what: None,
) -> list[Estimate]:
    """Estimate every run of a plan.

    A finished run tells of itself and of the other seeds of its dataset and method; for the rest
    an epoch is timed on a few random images of the right size, once for each method and size:
    channels change little beyond the first layer. PyTorch is imported only for that.

    Args:
        runs: The plan.
        out: The study's folder, where runs may be finished.
        device: The device to time on, see ``mia_bench.device.resolve_device``.
        on_timing: Called with what is about to be timed.

    Raises:
        StudyError: A device that is not there, where something is to be timed.
        DataError: A folder or table of the user's own that is missing or not as expected.
    """
    timed: dict[tuple[object, ...], SampleCost | None] = {}
    known = _finished(out)
    sources = {run.dataset: run.source for run in runs}
    images = {name: _images(name, source) for name, source in sources.items()}
    found = []
    for run in runs:
        folder = RunFolder(out / run.name)
        each = _from_finished(run, folder, known)
        if each is None:
            few = min(run.epochs, FEW_EPOCHS + 1)
            key = (run.method, run.image_size, few, repr(sorted(run.options.items())))
            if key not in timed:
                on_timing(f"{run.label} at {run.image_size} px")
                timed[key] = time_on_sample(run, device)
            cost = timed[key]
            if cost is None:
                each = Estimate(run, folder.state(), 0.0, 0, 0, UNKNOWN)
            else:
                each = _from_sample(run, folder, cost, images[run.dataset])
        found.append(each)
    return found


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
    checkpoint = _CHECKPOINT * folder_bytes(other.model)
    return Estimate(run, state, seconds, folder_bytes(other.path), checkpoint, source)


def _from_sample(run: Run, folder: RunFolder, cost: SampleCost, images: _Images) -> Estimate:
    state = folder.state()
    has_map = plugins.find_method(run.method).info.has_map
    maps = images.test * run.image_size**2 * np.dtype(np.float32).itemsize if has_map else 0
    fit = cost.fit.of(images.train) + run.epochs * cost.epoch.of(images.train)
    seconds = fit + images.test * cost.score_seconds
    source = "sample" if images.counted else "sample, published counts"
    return Estimate(
        run, state, seconds, cost.model_bytes + maps, _CHECKPOINT * cost.model_bytes, source
    )


def _same_but_seed(run: Run, other: RunFolder) -> bool:
    return replace(other.read_record().settings, seed=run.seed) == run.settings()


def _images(dataset: str, source: DataSource) -> _Images:
    try:
        counts, counted = count_images(dataset, source), True
    except mia_data.MissingDataError:
        counts, counted = mia_data.info(dataset).counts, False
    test = (counts.test_normal or 0) + (counts.test_abnormal or 0)
    return _Images(counts.train_normal or 0, test, counted)
