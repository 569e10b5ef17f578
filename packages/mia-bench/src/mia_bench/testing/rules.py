"""Rules that every detector keeps, see ``mia_bench.Detector``."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mia_bench.testing.requirements import (
    require,
    require_array,
    require_close,
    require_close_arrays,
    require_equal,
)

if TYPE_CHECKING:
    from mia_bench.testing.case import Case

PICKLES = {".pkl", ".pickle", ".pt", ".pth"}


def fit_returns_the_detector(case: Case) -> None:
    """``fit`` returns the detector it was called on."""
    detector = case.build()
    fitted = detector.fit(case.train, epochs=case.epochs, device="cpu")
    require(fitted is detector, "fit must return the detector itself")


def the_seed_decides(case: Case) -> None:
    """The same seed gives the same scores; another seed gives others."""
    detectors = case.trained(), case.fit(), case.trained(seed=1)
    first, again, other = map(case.scores, detectors)
    require_equal(first, again, "the same seed")
    if case.trains:
        same = np.array_equal(first.score, other.score)
        require(not same, "another seed must give other scores")


def on_epoch_is_called_and_may_stop(case: Case) -> None:
    """``on_epoch`` gets epoch, losses and learning rate, and ends the training by True."""
    told: list[Any] = []

    def stop_at_once(epoch: Any) -> bool:
        told.append(epoch)
        return True

    case.fit(epochs=case.epochs + 1, on_epoch=stop_at_once)
    require(len(told) <= 1, f"on_epoch returned True and was called {len(told)} times")
    if case.trains:
        require(len(told) == 1, "on_epoch must be called after each epoch")
    for epoch in told:
        names = ("epoch", "epochs", "losses", "learning_rate")
        lacking = [name for name in names if not hasattr(epoch, name)]
        require(not lacking, f"what on_epoch is given must have {', '.join(lacking)}")


def scores_have_the_right_form(case: Case) -> None:
    """One finite float32 score an image, and a map of the input's size or none."""
    prediction = case.scores(case.trained())
    count, _, height, width = case.test.shape
    require_array("score", prediction.score, (count,))
    if prediction.map is not None:
        require_array("map", prediction.map, (count, height, width))


def predict_changes_nothing(case: Case) -> None:
    """A second ``predict`` gives the scores of the first."""
    detector = case.trained()
    require_close(case.scores(detector), case.scores(detector), "a second predict")


def scores_do_not_depend_on_other_images(case: Case) -> None:
    """Neither the order of the images nor their company changes a score."""
    detector = case.trained()
    whole = case.scores(detector)
    turned = detector.predict(case.test[::-1], device="cpu")
    back = turned.score[::-1], None if turned.map is None else turned.map[::-1]
    require_close_arrays(whole, *back, "the reverse order")
    alone = detector.predict(case.test[:1], device="cpu")
    first = whole.score[:1], None if whole.map is None else whole.map[:1]
    require_close_arrays(alone, *first, "the company of other images")


def read_only_arrays_are_read(case: Case) -> None:
    """A read-only array gives the scores of the array."""
    frozen = case.test.copy()
    frozen.flags.writeable = False
    _require_same_scores(case, frozen, "a read-only array")


def datasets_are_read(case: Case) -> None:
    """A map-style dataset gives the scores of the array."""
    _require_same_scores(case, [{"image": image} for image in case.test], "a map-style dataset")


def tensors_are_read(case: Case) -> None:
    """A tensor gives the scores of the array."""
    import torch

    _require_same_scores(case, torch.from_numpy(case.test.copy()), "a tensor")


def memory_maps_are_read(case: Case) -> None:
    """A memory map trains and scores as the array does."""
    with tempfile.TemporaryDirectory() as folder:
        train, test = (_memory_map(Path(folder, name), case) for name in ("train", "test"))
        trained = case.fit_on(train)
        require_equal(case.scores(case.trained()), case.scores(trained), "training on a memory map")
        _require_same_scores(case, test, "a memory map")
        del train, test  # Windows removes no file that is mapped


def wrong_images_are_refused(case: Case) -> None:
    """Floats and images of another number of dimensions are an error, not a score."""
    detector = case.trained()
    wrong = {"float32 images": case.test.astype(np.float32), "one image": case.test[0]}
    for what, images in wrong.items():
        try:
            detector.predict(images, device="cpu")
        except (TypeError, ValueError):
            continue
        require(False, f"predict must refuse {what} with TypeError or ValueError")


def a_saved_model_scores_the_same(case: Case) -> None:
    """``load`` gives back what ``save`` wrote, which holds no pickle."""
    detector = case.trained()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model")
        detector.save(path)
        require(path.is_dir(), "save must write a folder")
        loaded = type(detector).load(path)
        pickles = [f.name for f in path.rglob("*") if f.suffix in PICKLES]
        require(not pickles, f"save must not pickle, got {pickles}")
        require_equal(case.scores(detector), case.scores(loaded), "a loaded model")


def saving_again_replaces_the_model(case: Case) -> None:
    """``save`` over an older model leaves the newer one and no file of the older."""
    with tempfile.TemporaryDirectory() as folder:
        path, fresh = Path(folder, "model"), Path(folder, "fresh")
        newer = case.trained(seed=1)
        case.trained().save(path)
        newer.save(path)
        newer.save(fresh)
        names = [sorted(file.name for file in each.rglob("*")) for each in (path, fresh)]
        require(names[0] == names[1], f"save over a model must leave {names[1]}, got {names[0]}")
        loaded = type(newer).load(path)
        require_equal(case.scores(newer), case.scores(loaded), "a model saved over an older one")


def _require_same_scores(case: Case, images: Any, what: str) -> None:
    detector = case.trained()
    require_close(case.scores(detector), detector.predict(images, device="cpu"), what)


def _memory_map(path: Path, case: Case) -> np.ndarray:
    """Write the case's images of the file's name and map them, read-only."""
    file = path.with_suffix(".npy")
    np.save(file, getattr(case, path.name), allow_pickle=False)
    return np.load(file, mmap_mode="r", allow_pickle=False)


RULES = (
    fit_returns_the_detector,
    the_seed_decides,
    on_epoch_is_called_and_may_stop,
    scores_have_the_right_form,
    predict_changes_nothing,
    scores_do_not_depend_on_other_images,
    read_only_arrays_are_read,
    datasets_are_read,
    tensors_are_read,
    memory_maps_are_read,
    wrong_images_are_refused,
    a_saved_model_scores_the_same,
    saving_again_replaces_the_model,
)
