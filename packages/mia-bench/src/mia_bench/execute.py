"""One run from images to run.json, in whatever process it is called."""

from __future__ import annotations

import inspect
import math
import time
import traceback
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import mia_data
import mia_metrics
from filelock import Timeout

from mia_bench import gallery, measure
from mia_bench.files import write_array, write_json
from mia_bench.runfolder import RunFolder, State

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mia_data import ImageSet

    from mia_bench.contract import Detector, Prediction
    from mia_bench.plan import Run

FORMAT = 1
CHECKPOINT_EVERY = 25
LOCK_SECONDS = 1


def execute(run: Run, out: Path, root: str | None, device: str) -> State:
    """Do a run unless it is done or being done; its state afterwards.

    A run that fails leaves its error in failed.json instead of raising it.

    Raises:
        OSError: Not even the failure can be written.
    """
    folder = RunFolder(out / run.name)
    folder.path.mkdir(parents=True, exist_ok=True)
    try:
        # Whoever only asks for the run's state holds the lock for an instant.
        with folder.lock(timeout=LOCK_SECONDS), folder.logging():
            return State.FINISHED if folder.result.exists() else _try(run, folder, root, device)
    except Timeout:
        return State.RUNNING


def _try(run: Run, folder: RunFolder, root: str | None, device: str) -> State:
    try:
        print(f"{_now()} {run.name} on {device}: {run.settings()}", flush=True)
        folder.claim(run.settings())
        result = _do(run, folder, root, device)
        write_json(folder.result, result)
    except Exception as error:
        error_text = f"{type(error).__name__}: {error}"
        write_json(folder.failure, {"settings": run.settings(), "error": error_text})
        with suppress(OSError):
            traceback.print_exc()
        return State.FAILED
    folder.finish()
    return State.FINISHED


def _do(run: Run, folder: RunFolder, root: str | None, device: str) -> dict[str, Any]:
    """Train, score and measure; everything but run.json is written, and that is returned."""
    measure.reset_peak_memory()
    seconds: dict[str, float] = {}
    with _timed(seconds, "load"):
        train, test = (load_split(run, split, root) for split in ("train", "test"))
    detector = run.build()
    with _timed(seconds, "fit"):
        curve = _fit(detector, run, folder, train.images, device)
    with _timed(seconds, "predict"):
        prediction = detector.predict(test.images, device=device)
    with _timed(seconds, "metrics"):
        metrics, intervals = _measure(test, prediction)
    detector.save(folder.model)
    _write_outputs(folder, test, prediction)
    return {
        "format": FORMAT,
        "settings": run.settings(),
        "metrics": metrics,
        "intervals": intervals,
        "images": {"train": len(train), "test": len(test)},
        "losses": curve,
        "seconds": seconds,
        "peak_memory": measure.peak_memory(),
        "parameters": measure.parameters(detector),
        "machine": measure.machine(device),
        "finished": _now(),
    }


def _measure(
    test: ImageSet, prediction: Prediction
) -> tuple[dict[str, float | None], dict[str, list[float]]]:
    """The metrics, and bootstrap intervals over the test images of the image-level ones."""
    metrics = mia_metrics.image_metrics(test.labels, prediction.score)
    if prediction.map is not None and test.masks is not None:
        metrics |= mia_metrics.pixel_metrics(test.masks, prediction.map)
    intervals = {
        name: mia_metrics.bootstrap_interval(test.labels, prediction.score, metric=name)
        for name in ("auroc", "ap")
    }
    # An infinite threshold ("call nothing abnormal") has no JSON.
    finite = {name: value if math.isfinite(value) else None for name, value in metrics.items()}
    return finite, {name: [found.low, found.high] for name, found in intervals.items()}


def _write_outputs(folder: RunFolder, test: ImageSet, prediction: Prediction) -> None:
    scores, maps = prediction.score, prediction.map
    folder.write_scores(test.ids, test.labels, scores)
    if maps is not None:
        write_array(folder.maps, maps)
    shown = gallery.collect(list(test.ids), test.labels, scores, test.images, maps, test.masks)
    shown.save(folder.gallery)


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


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


def _fit(
    detector: Detector, run: Run, folder: RunFolder, images: Any, device: str
) -> list[dict[str, float]]:
    """Train with progress and, where the detector keeps one, a checkpoint; the loss curve."""
    curve: list[dict[str, float]] = []

    def on_epoch(epoch: Any) -> None:
        curve.append({"epoch": epoch.epoch, **epoch.losses})
        folder.write_progress(epoch.epoch, epoch.epochs, epoch.losses.get("loss"))
        print(f"epoch {epoch.epoch}/{epoch.epochs} {dict(epoch.losses)}", flush=True)

    folder.write_progress(0, run.epochs, None)
    extra: dict[str, Any] = {}
    if "checkpoint" in inspect.signature(detector.fit).parameters:
        extra = {"checkpoint": folder.checkpoint, "checkpoint_every": CHECKPOINT_EVERY}
    detector.fit(
        images, epochs=run.epochs, seed=run.seed, device=device, on_epoch=on_epoch, **extra
    )
    history = getattr(detector, "history", None)
    if history:  # holds the epochs before an interruption too
        return [{"epoch": number, **losses} for number, losses in enumerate(history, 1)]
    return curve


@contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[name] = round(time.perf_counter() - start, 3)
