"""A conformance test for detectors, to be called from the tests of whoever writes one."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from mia_bench.detectors.protocol import Detector, Prediction

PICKLES = {".pkl", ".pickle", ".pt", ".pth"}
# Relative to the largest value: batches of other sizes round otherwise, which SSIM's differences of
# squares amplify.
TOLERANCE = 1e-4


@dataclass(frozen=True)
class Case:
    """A detector under test.

    Attributes:
        build: Makes a new, untrained detector.
        train: uint8 (N, C, S, S), normal images.
        test: uint8 (M, C, S, S).
        epochs: Of each ``fit``.
        trains: Whether ``fit`` draws anything at random.
    """

    build: Callable[[], Detector]
    train: np.ndarray
    test: np.ndarray
    epochs: int
    trains: bool

    def fitted(self, **options: Any) -> Detector:
        """A newly trained detector."""
        return self.build().fit(self.train, **{"epochs": self.epochs, "device": "cpu", **options})


def check_detector(
    build: Callable[[], Detector],
    *,
    channels: int = 1,
    image_size: int = 64,
    epochs: int = 1,
    trains: bool = True,
) -> None:
    """Check that a detector keeps the contract of ``mia_bench.Detector``, on small drawn images.

    Every rule trains a new detector or two, so give it a small one.

    Args:
        build: Makes a new, untrained detector for images of this size.
        channels: 1 or 3.
        image_size: Side of the images.
        epochs: Of each training.
        trains: False for a detector whose ``fit`` draws nothing at random.

    Raises:
        AssertionError: A rule that is not kept, in one sentence.
    """
    train, test = draw(12, channels, image_size, seed=0), draw(7, channels, image_size, seed=1)
    case = Case(build, train, test, epochs, trains)
    for rule in RULES:
        rule(case)


def draw(count: int, channels: int, size: int, *, seed: int) -> np.ndarray:
    """Bright disks on dark noise, uint8 (count, channels, size, size)."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:size, :size] / size - 0.5
    radius = rng.uniform(0.3, 0.45, (count, 1, 1, 1))
    level = rng.uniform(90, 160, (count, 1, 1, 1))
    images = (np.hypot(x, y) < radius) * level + rng.uniform(0, 40, (count, channels, size, size))
    return images.astype(np.uint8)


def fit_returns_the_detector(case: Case) -> None:
    """``fit`` returns the detector it was called on."""
    detector = case.build()
    fitted = detector.fit(case.train, epochs=case.epochs, device="cpu")
    _require(fitted is detector, "fit must return the detector itself")


def scores_have_the_right_form(case: Case) -> None:
    """One finite float32 score an image, and a map of the input's size or none."""
    prediction = case.fitted().predict(case.test, device="cpu")
    count, _, height, width = case.test.shape
    _check_array("score", prediction.score, (count,))
    if prediction.map is not None:
        _check_array("map", prediction.map, (count, height, width))


def scores_are_those_of_each_image_alone(case: Case) -> None:
    """Neither the batch size nor the order changes a score, and predict changes nothing."""
    detector = case.fitted()
    whole = detector.predict(case.test, device="cpu")
    _require_same(whole, detector.predict(case.test, device="cpu"), "a second predict")
    _require_same(whole, detector.predict(case.test, batch_size=1, device="cpu"), "batch_size=1")
    turned = detector.predict(case.test[::-1], device="cpu")
    back = turned.score[::-1], None if turned.map is None else turned.map[::-1]
    _require_close(whole, *back, "the reverse order")


def the_seed_decides(case: Case) -> None:
    """The same seed gives the same scores; another seed gives others."""
    first, again, other = (
        case.fitted(seed=seed).predict(case.test, device="cpu") for seed in (3, 3, 4)
    )
    _require(np.array_equal(first.score, again.score), "the same seed must give the same scores")
    if case.trains:
        same = np.array_equal(first.score, other.score)
        _require(not same, "another seed must give other scores")


def a_saved_model_scores_the_same(case: Case) -> None:
    """``load`` gives back what ``save`` wrote, which holds no pickle."""
    detector = case.fitted()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model")
        detector.save(path)
        _require(path.is_dir(), "save must write a folder")
        loaded = type(detector).load(path)
        pickles = [f.name for f in path.rglob("*") if f.suffix in PICKLES]
        _require(not pickles, f"save must not pickle, got {pickles}")
        before, after = (each.predict(case.test, device="cpu") for each in (detector, loaded))
    _require(np.array_equal(before.score, after.score), "a loaded model must score the same")


def epochs_are_told_and_may_be_stopped(case: Case) -> None:
    """``on_epoch`` is told epoch, losses and learning rate, and ends training by True."""
    told: list[Any] = []

    def stop_at_once(epoch: Any) -> bool:
        told.append(epoch)
        return True

    case.fitted(epochs=case.epochs + 1, on_epoch=stop_at_once)
    _require(len(told) <= 1, f"on_epoch returned True and was called {len(told)} times")
    if case.trains:
        _require(len(told) == 1, "on_epoch must be called after each epoch")
        names = [
            name for name in ("epoch", "losses", "learning_rate") if not hasattr(told[0], name)
        ]
        _require(not names, f"what on_epoch is told must have {names}")


def every_form_of_images_is_read(case: Case) -> None:
    """A read-only array and a map-style dataset give the scores of the array."""
    detector = case.fitted()
    whole = detector.predict(case.test, device="cpu")
    frozen = case.test.copy()
    frozen.flags.writeable = False
    _require_same(whole, detector.predict(frozen, device="cpu"), "a read-only array")
    items = [{"image": image} for image in case.test]
    _require_same(whole, detector.predict(items, device="cpu"), "a map-style dataset")


def wrong_images_are_refused(case: Case) -> None:
    """Floats and images of another number of dimensions are an error, not a score."""
    detector = case.fitted()
    wrong = {"float32 images": case.test.astype(np.float32), "one image": case.test[0]}
    for what, images in wrong.items():
        try:
            detector.predict(images, device="cpu")
        except (TypeError, ValueError):
            continue
        _require(False, f"predict must refuse {what} with TypeError or ValueError")


RULES = (
    fit_returns_the_detector,
    scores_have_the_right_form,
    scores_are_those_of_each_image_alone,
    the_seed_decides,
    a_saved_model_scores_the_same,
    epochs_are_told_and_may_be_stopped,
    every_form_of_images_is_read,
    wrong_images_are_refused,
)


def _require(kept: bool, rule: str) -> None:
    if not kept:
        raise AssertionError(rule)


def _check_array(name: str, array: np.ndarray, shape: tuple[int, ...]) -> None:
    got = f"{array.dtype} {array.shape}"
    good = array.dtype == np.float32 and array.shape == shape
    _require(good, f"{name} must be float32 {shape}, got {got}")
    _require(bool(np.isfinite(array).all()), f"{name} must be finite")


def _require_same(expected: Prediction, got: Prediction, what: str) -> None:
    _require_close(expected, got.score, got.map, what)


def _require_close(
    expected: Prediction, score: np.ndarray, heat: np.ndarray | None, what: str
) -> None:
    _require((expected.map is None) == (heat is None), f"{what} must not change whether maps come")
    pairs = [("score", expected.score, score), ("map", expected.map, heat)]
    for name, before, after in pairs:
        if before is not None and after is not None:
            worst = np.abs(before - after).max() / max(np.abs(before).max(), 1e-30)
            _require(worst <= TOLERANCE, f"{what} must not change the {name}, got {worst:.2g} off")
