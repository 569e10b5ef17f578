"""Cost of a method that has not been run yet, measured on a few random images."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from mia_bench.detectors.optional import OptionalParts
from mia_bench.device import resolve_device

if TYPE_CHECKING:
    from mia_bench.detectors.protocol import Detector
    from mia_bench.study.plan import Run

# Numbers of images to time on: the second where the first takes less than so many seconds.
SAMPLES, SECONDS = (8, 64), 1.0


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
    try:
        detector: Any = run.build()
    except FileNotFoundError:
        return None
    steps = OptionalParts(detector).steps_per_epoch
    if steps is not None:
        detector.steps_per_epoch = 1
    _fit_seconds(detector, run, SAMPLES[0], device)  # the first time loads libraries
    for count in SAMPLES:
        seconds = _fit_seconds(detector, run, count, device)
        if seconds > SECONDS:
            break
    start = time.perf_counter()
    detector.predict(_random_images(run, count), device=device)
    scoring = time.perf_counter() - start
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


def _random_images(run: Run, count: int) -> np.ndarray:
    shape = (count, run.channels, run.image_size, run.image_size)
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
