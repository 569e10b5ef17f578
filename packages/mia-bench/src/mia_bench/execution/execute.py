"""One run from its images to run.json, in the process that calls it."""

from __future__ import annotations

import time
import traceback
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from filelock import Timeout

from mia_bench.detectors import plugins
from mia_bench.detectors.epoch_selection import Selection, contrast, split
from mia_bench.detectors.optional import OptionalParts
from mia_bench.device import machine_facts
from mia_bench.execution import evaluate
from mia_bench.execution.study_dice import study_dice
from mia_bench.metric_names import STUDY_DICE
from mia_bench.run_folder import machine
from mia_bench.run_folder.folder import RunFolder, State
from mia_bench.run_folder.records import (
    EpochLosses,
    EpochMetrics,
    EpochScore,
    EpochSelection,
    Failure,
    ImageCounts,
    Machine,
    Progress,
    RunRecord,
    StageSeconds,
)
from mia_bench.study.images import load_split, record_data
from mia_bench.tracking import track

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy as np
    from mia_data import ImageSet

    from mia_bench.detectors.protocol import Detector
    from mia_bench.study.plan import Run
    from mia_bench.tracking import TrackedRun, Tracker

CHECKPOINT_EVERY = 25
LOCK_SECONDS = 1


def execute(
    run: Run,
    out: Path,
    device: str,
    trackers: Sequence[Tracker] = (),
    lock_seconds: float = LOCK_SECONDS,
) -> State:
    """Do a run unless it is done or another process is doing it; return its state afterwards.

    A run that fails leaves its error in failed.json instead of raising it.

    Args:
        run: The run.
        out: The study's folder.
        device: A device other than ``"auto"``.
        trackers: Trackers that log the run while it trains.
        lock_seconds: Seconds to wait for another process that does the run.

    Raises:
        OSError: Not even the failure can be written.
    """
    folder = RunFolder(out / run.name)
    folder.path.mkdir(parents=True, exist_ok=True)
    try:
        # A process that only asks for the run's state holds the lock for an instant.
        with folder.lock(timeout=lock_seconds), folder.log_output():
            if folder.result.exists():
                return State.FINISHED
            return _try(run, folder, device, trackers)
    except Timeout:
        return State.RUNNING


def _try(run: Run, folder: RunFolder, device: str, trackers: Sequence[Tracker]) -> State:
    """Do a run; its error, if any, goes into failed.json."""
    try:
        print(f"{machine.now()} {run.name} on {device}: {run.settings().to_json()}", flush=True)
        folder.claim(run.settings())
        with track(trackers, run, folder) as tracked:
            record = _train_and_score(run, folder, device, tracked)
            tracked.finish(record.metrics)
        folder.write_record(record)
    except Exception as error:
        folder.write_failure(Failure(f"{type(error).__name__}: {error}", run.settings()))
        with suppress(OSError):
            traceback.print_exc()
        return State.FAILED
    folder.finish()
    return State.FINISHED


def _train_and_score(run: Run, folder: RunFolder, device: str, tracked: TrackedRun) -> RunRecord:
    """Train, score and measure; everything but run.json is written, and its record returned."""
    machine.reset_peak_memory()
    seconds: dict[str, float] = {}
    with _timed(seconds, "load"):
        train, test = (load_split(run, split) for split in ("train", "test"))
        data = record_data(run, train, test)
    detector = run.build()
    images, selection = _select(run, folder, train.images, test.images, device)
    with _timed(seconds, "fit"):
        losses = _fit(detector, run, folder, images, device, tracked, selection)
    chosen = detector
    if selection is not None:
        chosen = plugins.find_method(run.method).provider.load(selection.model)
    with _timed(seconds, "predict"):
        prediction = chosen.predict(test.images, device=device)
    with _timed(seconds, "metrics"):
        measured = evaluate.measure(test, prediction, run.metrics)
        if "best_dice" in measured.metrics:
            family = plugins.find_method(run.method).info.family
            measured.metrics[STUDY_DICE] = study_dice(family, run.options, test, prediction)
    chosen.save(folder.model)
    reconstruct = OptionalParts(chosen).reconstruction(device)
    evaluate.write_outputs(folder, run.dataset, test, prediction, measured.pixels, reconstruct)
    return RunRecord(
        settings=run.settings(),
        metrics=measured.metrics,
        intervals=measured.intervals,
        images=ImageCounts(len(images), len(test)),
        data=data,
        losses=losses,
        seconds=StageSeconds(**seconds),
        peak_memory=machine.peak_memory(),
        parameters=_count_parameters(detector),
        machine=Machine(**machine_facts(device)),
        finished=machine.now(),
        selection=_record_selection(selection, run, detector, test, device),
    )


def _count_parameters(detector: Detector) -> int | None:
    """Count the values that a detector learns; None if it has no network."""
    told = OptionalParts(detector).learned_parameters
    return machine.parameters(detector) if told is None else told


def _record_selection(
    selection: Selection | None, run: Run, detector: Detector, test: ImageSet, device: str
) -> EpochSelection | None:
    """Return the chosen epoch, if one was chosen, beside the metrics of the last one."""
    if selection is None:
        return None
    at_end = detector.predict(test.images, device=device)
    metrics = evaluate.metrics_of(test, at_end, run.metrics)
    return EpochSelection(
        epoch=selection.epoch,
        held_out=selection.held_out,
        scores=tuple(EpochScore(*each) for each in sorted(selection.scores.items())),
        last=EpochMetrics(run.epochs, metrics),
    )


def _select(
    run: Run, folder: RunFolder, train: np.ndarray, test: np.ndarray, device: str
) -> tuple[np.ndarray, Selection | None]:
    """Return the images to train on, and the chooser of the epoch, which sees no test label."""
    if run.select is None:
        return train, None
    parts = split(train, run.seed)
    others = contrast(run.select, parts.held_out, test, run.seed)
    chooser = Selection(folder.selection, parts.held_out, others, epochs=run.epochs, device=device)
    return parts.kept, chooser


def _fit(
    detector: Detector,
    run: Run,
    folder: RunFolder,
    images: Any,
    device: str,
    tracked: TrackedRun,
    selection: Selection | None,
) -> tuple[EpochLosses, ...]:
    """Train with progress and, where the detector keeps one, a checkpoint; return the losses."""
    curve: list[EpochLosses] = []

    def on_epoch(epoch: Any) -> None:
        losses = dict(epoch.losses)
        curve.append(EpochLosses(epoch.epoch, losses))
        folder.write_progress(Progress(epoch.epoch, epoch.epochs, losses.get("loss")))
        print(f"epoch {epoch.epoch}/{epoch.epochs} {losses}", flush=True)
        tracked.epoch(epoch)
        if selection is not None:
            selection.consider(detector, epoch.epoch)

    folder.write_progress(Progress(0, run.epochs, None))
    detector.fit(
        images,
        epochs=run.epochs,
        seed=run.seed,
        device=device,
        on_epoch=on_epoch,
        **OptionalParts(detector).checkpoint(folder.checkpoint, CHECKPOINT_EVERY),
    )
    history = OptionalParts(detector).history
    if history:  # holds the epochs before an interruption too
        return tuple(EpochLosses(number, losses) for number, losses in enumerate(history, 1))
    return tuple(curve)


@contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    """Record the seconds that the block takes."""
    start = time.perf_counter()
    yield
    seconds[name] = round(time.perf_counter() - start, 3)
