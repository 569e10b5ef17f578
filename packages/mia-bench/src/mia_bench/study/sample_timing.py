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
# Calls of a network to score an image, from which on its scoring is not timed but taken from its
# training: a step forward and back is about three calls.
MANY_CALLS, CALLS_OF_A_STEP = 8, 3


@dataclass(frozen=True, kw_only=True)
class SampleCost:
    """Cost of a method, measured on random images.

    Attributes:
        image_seconds: Seconds to train on one image once.
        fixed_epoch: Seconds of an epoch, where they do not depend on the number of images.
        score_seconds: Seconds to score one image.
        model_bytes: Bytes of the saved model.
    """

    image_seconds: float
    fixed_epoch: float | None
    score_seconds: float
    model_bytes: int

    def epoch_seconds(self, images: int) -> float:
        """Return the seconds of an epoch over so many images."""
        return images * self.image_seconds if self.fixed_epoch is None else self.fixed_epoch


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
    steps = OptionalParts(detector).steps_per_epoch
    if steps is not None:
        detector.steps_per_epoch = 1
    calls = OptionalParts(detector).calls_per_image
    time_fit = _fit_seconds if calls < MANY_CALLS else _training_seconds
    count = SAMPLES[0]
    seconds = time_fit(detector, run, count, device)
    if seconds < LONG:  # or else it does not matter that the first time loads libraries
        for count in SAMPLES:
            seconds = time_fit(detector, run, count, device)
            if seconds > SECONDS:
                break
    if calls < MANY_CALLS:
        scoring = _predict_seconds(detector, run, count, device)
    else:
        scoring = seconds * calls / CALLS_OF_A_STEP
    with TemporaryDirectory() as folder:
        detector.save(Path(folder, "model"))
        size = folder_bytes(Path(folder))
    return SampleCost(
        image_seconds=seconds / count,
        fixed_epoch=None if steps is None else steps * seconds,
        score_seconds=scoring / count,
        model_bytes=size,
    )


def folder_bytes(path: Path) -> int:
    """Return the size of all files in and below a folder."""
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def _fit_seconds(detector: Detector, run: Run, count: int, device: str) -> float:
    """Return the seconds of an epoch over so many images."""
    images = _random_images(run, count)
    start = time.perf_counter()
    detector.fit(images, epochs=1, device=device)
    return time.perf_counter() - start


class _TrainedError(Exception):
    """Ends a ``fit`` after its first epoch."""


def _training_seconds(detector: Detector, run: Run, count: int, device: str) -> float:
    """Return the seconds of an epoch alone, without what follows it in ``fit``."""
    images = _random_images(run, count)
    ends: list[float] = []

    def stop(epoch: Any) -> None:
        ends.append(time.perf_counter())
        raise _TrainedError

    start = time.perf_counter()
    with suppress(_TrainedError):
        detector.fit(images, epochs=1, device=device, on_epoch=stop)
    return ends[0] - start


def _predict_seconds(detector: Detector, run: Run, count: int, device: str) -> float:
    """Return the seconds to score so many images."""
    start = time.perf_counter()
    detector.predict(_random_images(run, count), device=device)
    return time.perf_counter() - start


def _random_images(run: Run, count: int) -> np.ndarray:
    shape = (count, run.channels, run.image_size, run.image_size)
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
