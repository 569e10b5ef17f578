"""Cost of a method that has not been run yet, measured on a few random images."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from mia_bench.detectors import plugins
from mia_bench.detectors.optional import OptionalParts
from mia_bench.detectors.pretrained_weights import weights_of
from mia_bench.device import resolve_device

if TYPE_CHECKING:
    from mia_bench.detectors.protocol import Detector
    from mia_bench.study.plan import Run

# Numbers of images to time on: the second where the first takes less than so many seconds.
SAMPLES, SECONDS = (8, 64), 1.0
LONG = 10.0  # seconds of a first time that is not repeated
# A fit of so few epochs is timed as a whole, at two numbers of images: much of it may not depend on
# them.
FEW_EPOCHS = 2
# Calls of a network to score an image, from which on its scoring is not timed but taken from its
# training: a step forward and back is about three calls.
MANY_CALLS, CALLS_OF_A_STEP = 8, 3


@dataclass(frozen=True)
class Seconds:
    """Seconds of something that is done to images.

    Attributes:
        per_image: Seconds for each image.
        fixed: Seconds that do not depend on the number of images.
    """

    per_image: float
    fixed: float = 0.0

    def of(self, images: int) -> float:
        """Return the seconds of so many images."""
        return self.fixed + images * self.per_image


@dataclass(frozen=True, kw_only=True)
class SampleCost:
    """Cost of a method, measured on random images.

    Attributes:
        fit: Seconds of a fit beside those of its epochs.
        epoch: Seconds of an epoch.
        score_seconds: Seconds to score one image.
        model_bytes: Bytes of the saved model.
    """

    fit: Seconds
    epoch: Seconds
    score_seconds: float
    model_bytes: int


def time_on_sample(run: Run, device: str) -> SampleCost | None:
    """Time a run's method on random images; None where its pretrained weights are missing.

    Raises:
        StudyError: Options or a device that cannot be used.
    """
    device = resolve_device(device)
    weights = weights_of(plugins.find_method(run.method).info)
    others_named = {"weights", "backbone"} & run.options.keys()
    if weights and not weights.are_here and not others_named:
        return None
    try:
        return _time(run, device)
    except FileNotFoundError:
        return None


def _time(run: Run, device: str) -> SampleCost:
    detector: Any = run.build()
    parts = OptionalParts(detector)
    steps, calls = parts.steps_per_epoch, parts.calls_per_image
    if steps is not None:
        detector.steps_per_epoch = 1
    if run.epochs <= FEW_EPOCHS and steps is None and calls < MANY_CALLS:
        fit, score_seconds = _time_whole_fit(detector, run, device)
        epoch = Seconds(0.0)
    else:
        seconds, count, score_seconds = _time_epoch(detector, run, device, calls)
        fit = Seconds(score_seconds)  # of the training images
        epoch = Seconds(seconds / count) if steps is None else Seconds(0.0, steps * seconds)
    with TemporaryDirectory() as folder:
        detector.save(Path(folder, "model"))
        size = folder_bytes(Path(folder))
    return SampleCost(fit=fit, epoch=epoch, score_seconds=score_seconds, model_bytes=size)


def _time_whole_fit(detector: Detector, run: Run, device: str) -> tuple[Seconds, float]:
    """Return the seconds of a fit of all epochs, and those to score an image."""
    few, more = SAMPLES
    first = _fit_seconds(detector, run, few, device, run.epochs)
    if first < LONG:
        first = _fit_seconds(detector, run, few, device, run.epochs)  # libraries are loaded now
    else:
        more = 2 * few
    second = _fit_seconds(detector, run, more, device, run.epochs)
    score_seconds = _predict_seconds(detector, run, more, device) / more
    # Each image is seen at least once, and once in each epoch.
    per_image = max((second - first) / (more - few), (1 + run.epochs) * score_seconds)
    return Seconds(per_image, max(0.0, first - few * per_image)), score_seconds


def _time_epoch(detector: Detector, run: Run, device: str, calls: int) -> tuple[float, int, float]:
    """Return the seconds of an epoch, of how many images, and the seconds to score one.

    ``calls`` is how often the network is called to score an image.
    """
    time_fit = _fit_seconds if calls < MANY_CALLS else _training_seconds
    count = SAMPLES[0]
    seconds = time_fit(detector, run, count, device, 1)
    if seconds < LONG:  # or else it does not matter that the first time loads libraries
        for count in SAMPLES:
            seconds = time_fit(detector, run, count, device, 1)
            if seconds > SECONDS:
                break
    if calls >= MANY_CALLS:
        return seconds, count, seconds / count * calls / CALLS_OF_A_STEP
    return seconds, count, _predict_seconds(detector, run, count, device) / count


def folder_bytes(path: Path) -> int:
    """Return the size of all files in and below a folder."""
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def _fit_seconds(detector: Detector, run: Run, count: int, device: str, epochs: int) -> float:
    """Return the seconds of a fit to so many images."""
    images = _random_images(run, count)
    start = time.perf_counter()
    detector.fit(images, epochs=epochs, device=device)
    return time.perf_counter() - start


class _TrainedError(Exception):
    """Ends a ``fit`` after its first epoch."""


def _training_seconds(detector: Detector, run: Run, count: int, device: str, epochs: int) -> float:
    """Return the seconds of the first epoch alone, without what follows it in ``fit``."""
    images = _random_images(run, count)
    ends: list[float] = []

    def stop(epoch: Any) -> None:
        ends.append(time.perf_counter())
        raise _TrainedError

    start = time.perf_counter()
    with suppress(_TrainedError):
        detector.fit(images, epochs=epochs, device=device, on_epoch=stop)
    return ends[0] - start


def _predict_seconds(detector: Detector, run: Run, count: int, device: str) -> float:
    """Return the seconds to score so many images."""
    start = time.perf_counter()
    detector.predict(_random_images(run, count), device=device)
    return time.perf_counter() - start


def _random_images(run: Run, count: int) -> np.ndarray:
    shape = (count, run.channels, run.image_size, run.image_size)
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
