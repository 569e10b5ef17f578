"""A detector under test, with small drawn images."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from mia_bench.detectors.protocol import Detector, Prediction


@dataclass(frozen=True, eq=False)
class Case:
    """A detector under test.

    Attributes:
        build: Makes a new, untrained detector.
        train: Normal images, uint8 (N, C, S, S).
        test: Other images, uint8 (M, C, S, S).
        epochs: Epochs of each training.
        trains: Whether ``fit`` draws anything at random.
    """

    build: Callable[[], Detector]
    train: np.ndarray
    test: np.ndarray
    epochs: int
    trains: bool

    @classmethod
    def draw(
        cls,
        build: Callable[[], Detector],
        *,
        channels: int,
        image_size: int,
        epochs: int,
        trains: bool,
    ) -> Case:
        """Make a case with 12 images to train on and 7 to score."""
        train = draw_disks(12, channels, image_size, seed=0)
        test = draw_disks(7, channels, image_size, seed=1)
        return cls(build, train, test, epochs, trains)

    def fit(self, **arguments: Any) -> Detector:
        """Train a new detector."""
        return self.fit_on(self.train, **arguments)

    def fit_on(self, images: Any, **arguments: Any) -> Detector:
        """Train a new detector on other images, or the same in another form."""
        settings = {"epochs": self.epochs, "seed": 0, "device": "cpu", **arguments}
        return self.build().fit(images, **settings)

    def trained(self, seed: int = 0) -> Detector:
        """Return the same trained detector at each call, for rules that do not change it."""
        return _trained(self, seed)

    def scores(self, detector: Detector) -> Prediction:
        """Score the test images."""
        return detector.predict(self.test, device="cpu")


@lru_cache(maxsize=2)  # rules of one detector come after each other
def _trained(case: Case, seed: int) -> Detector:
    return case.fit(seed=seed)


def draw_disks(count: int, channels: int, size: int, *, seed: int) -> np.ndarray:
    """Draw bright disks on dark noise, uint8 (count, channels, size, size)."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:size, :size] / size - 0.5
    radius = rng.uniform(0.3, 0.45, (count, 1, 1, 1))
    level = rng.uniform(90, 160, (count, 1, 1, 1))
    images = (np.hypot(x, y) < radius) * level + rng.uniform(0, 40, (count, channels, size, size))
    return images.astype(np.uint8)
