"""One run from images to run.json, in whatever process it is called."""

from __future__ import annotations

import time
import traceback
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import mia_data
from filelock import Timeout

from mia_bench.detectors import plugins
from mia_bench.detectors.epoch_selection import Selection, contrast, split
from mia_bench.detectors.optional import OptionalParts
from mia_bench.device import machine_facts
from mia_bench.execution import evaluate, machine
from mia_bench.files import write_json
from mia_bench.run_folder.folder import RunFolder, State
from mia_bench.run_folder.run_json import FORMAT
from mia_bench.tracking import tell

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from mia_data import ImageSet

    from mia_bench.detectors.protocol import Detector
    from mia_bench.study.plan import Run
    from mia_bench.tracking import Told, Tracker

CHECKPOINT_EVERY = 25
LOCK_SECONDS = 1


def execute(
    run: Run,
    out: Path,
    root: str | None,
    device: str,
    trackers: Sequence[Tracker] = (),
    lock_seconds: float = LOCK_SECONDS,
) -> State:
    """Do a run unless it is done or being done; its state afterwards.

    A run that fails leaves its error in failed.json instead of raising it.

    Args:
        run: What to do.
        out: The study's folder.
        root: Where the dataset's folder lies; None: the default.
        device: Settled: no ``"auto"``.
        trackers: What is told of the run while it trains.
        lock_seconds: How long to wait for another process that does the run.

    Raises:
        OSError: Not even the failure can be written.
    """
    folder = RunFolder(out / run.name)
    folder.path.mkdir(parents=True, exist_ok=True)
    try:
        # Whoever only asks for the run's state holds the lock for an instant.
        with folder.lock(timeout=lock_seconds), folder.logging():
            if folder.result.exists():
                return State.FINISHED
            return _try(run, folder, root, device, trackers)
    except Timeout:
        return State.RUNNING


def _try(
    run: Run, folder: RunFolder, root: str | None, device: str, trackers: Sequence[Tracker]
) -> State:
    try:
        print(f"{machine.now()} {run.name} on {device}: {run.settings()}", flush=True)
        folder.claim(run.settings())
        with tell(trackers, run, folder) as told:
            result = _do(run, folder, root, device, told)
            told.finish(result["metrics"])
        write_json(folder.result, result)
    except Exception as error:
        error_text = f"{type(error).__name__}: {error}"
        write_json(folder.failure, {"settings": run.settings(), "error": error_text})
        with suppress(OSError):
            traceback.print_exc()
        return State.FAILED
    folder.finish()
    return State.FINISHED


def _do(run: Run, folder: RunFolder, root: str | None, device: str, told: Told) -> dict[str, Any]:
    """Train, score and measure; everything but run.json is written, and that is returned."""
    machine.reset_peak_memory()
    seconds: dict[str, float] = {}
    with _timed(seconds, "load"):
        train, test = (load_split(run, split, root) for split in ("train", "test"))
    detector = run.build()
    images, selection = _select(run, folder, train.images, test.images, device)
    with _timed(seconds, "fit"):
        curve = _fit(detector, run, folder, images, device, told, selection)
    chosen = detector
    if selection is not None:
        chosen = plugins.find_method(run.method).provider.load(selection.model)
    with _timed(seconds, "predict"):
        prediction = chosen.predict(test.images, device=device)
    with _timed(seconds, "metrics"):
        measured = evaluate.measure(test, prediction, run.metrics)
    chosen.save(folder.model)
    evaluate.write(folder, test, prediction, measured.pixels)
    result = {
        "format": FORMAT,
        "settings": run.settings(),
        "metrics": measured.metrics,
        "intervals": measured.intervals,
        "images": {"train": len(images), "test": len(test)},
        "losses": curve,
        "seconds": seconds,
        "peak_memory": machine.peak_memory(),
        "parameters": machine.parameters(detector),
        "machine": machine_facts(device),
        "finished": machine.now(),
    }
    if selection is not None:
        at_end = detector.predict(test.images, device=device)
        last = evaluate.metrics_of(test, at_end, run.metrics)
        result["selection"] = {**selection.record(), "last": {"epoch": run.epochs, "metrics": last}}
    return result


def _select(
    run: Run, folder: RunFolder, train: np.ndarray, test: np.ndarray, device: str
) -> tuple[np.ndarray, Selection | None]:
    """The images to train on, and what chooses the epoch; of the test set, it sees no label."""
    if run.select is None:
        return train, None
    parts = split(train, run.seed)
    others = contrast(run.select, parts.held_out, test, run.seed)
    chooser = Selection(folder.selection, parts.held_out, others, epochs=run.epochs, device=device)
    return parts.kept, chooser


def load_split(run: Run, split: str, root: str | None) -> ImageSet:
    """The images of a run, as its method wants them."""
    return mia_data.load(
        run.dataset,
        split,
        root=root,
        size=run.image_size,
        channels=run.channels,
        resize=run.resize,
    )


def read_datasets(runs: Sequence[Run], roots: Mapping[str, str | None]) -> None:
    """Read every split once, at each size that a run asks for.

    Raises:
        DataError: A dataset that is missing or damaged.
    """
    views = {(run.dataset, run.image_size, run.channels, run.resize): run for run in runs}
    for run in views.values():
        for part in ("train", "test"):
            load_split(run, part, roots[run.dataset])


def _fit(
    detector: Detector,
    run: Run,
    folder: RunFolder,
    images: Any,
    device: str,
    told: Told,
    selection: Selection | None,
) -> list[dict[str, float]]:
    """Train with progress and, where the detector keeps one, a checkpoint; the loss curve."""
    curve: list[dict[str, float]] = []

    def on_epoch(epoch: Any) -> None:
        curve.append({"epoch": epoch.epoch, **epoch.losses})
        folder.write_progress(epoch.epoch, epoch.epochs, epoch.losses.get("loss"))
        print(f"epoch {epoch.epoch}/{epoch.epochs} {dict(epoch.losses)}", flush=True)
        told.epoch(epoch)
        if selection is not None:
            selection.consider(detector, epoch.epoch)

    folder.write_progress(0, run.epochs, None)
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
        return [{"epoch": number, **losses} for number, losses in enumerate(history, 1)]
    return curve


@contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[name] = round(time.perf_counter() - start, 3)
