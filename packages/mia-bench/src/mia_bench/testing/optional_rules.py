"""Rules of the optional parts of the contract, for detectors that have them."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import SkipTest

import numpy as np

from mia_bench.detectors.optional import OptionalParts
from mia_bench.testing.requirements import (
    require,
    require_array,
    require_close,
    require_close_arrays,
    require_equal,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from mia_bench.detectors.protocol import Detector
    from mia_bench.testing.case import Case


class _InterruptedError(Exception):
    """Ends a training between two epochs."""


def batch_size_changes_no_score(case: Case) -> None:
    """``predict(batch_size=)`` gives the scores of ``predict``."""
    detector: Any = case.trained()
    _skip_without(detector, lambda parts: parts.takes_batch_size, "predict takes no batch_size")
    for size in (1, len(case.test)):
        got = detector.predict(case.test, batch_size=size, device="cpu")
        require_close(case.scores(detector), got, f"batch_size={size}")


def history_has_one_entry_an_epoch(case: Case) -> None:
    """``history`` holds the losses that ``on_epoch`` was told, an entry for each epoch."""
    told: list[dict[str, float]] = []
    detector = case.fit(epochs=2, on_epoch=lambda epoch: told.append(dict(epoch.losses)))
    _skip_without(detector, lambda parts: parts.history is not None, "it has no history")
    history = [dict(losses) for losses in OptionalParts(detector).history or ()]
    require(history == told, f"history must be {told}, got {history}")


def a_checkpoint_resumes_to_the_same_weights(case: Case) -> None:
    """An interrupted training goes on from its checkpoint, to the scores of a whole one."""
    _skip_without(case.build(), lambda parts: parts.takes_checkpoint, "fit takes no checkpoint")
    with tempfile.TemporaryDirectory() as folder:
        keep = {"checkpoint": Path(folder, "checkpoint"), "checkpoint_every": 1}
        if not _interrupted(case, keep):
            raise SkipTest("it has no epochs to interrupt")
        told: list[int] = []
        resumed = case.fit(epochs=2, on_epoch=lambda epoch: told.append(epoch.epoch), **keep)
    rest = told in ([2], [])  # the state may be kept before on_epoch is called, or after
    require(rest, f"a resumed training must do the epochs that are left, got {told}")
    whole = case.fit(epochs=2)
    require_equal(case.scores(whole), case.scores(resumed), "a resumed training")
    history = OptionalParts(resumed).history
    if history is not None:
        require(len(history) == 2, f"a resumed history must have 2 epochs, got {len(history)}")


def an_epoch_can_be_one_step(case: Case) -> None:
    """``steps_per_epoch`` is a number of steps or None, and ``fit`` takes the one that is set."""
    detector: Any = case.build()
    steps = OptionalParts(detector).steps_per_epoch
    if steps is None:
        raise SkipTest("its epochs have no fixed number of steps")
    good = isinstance(steps, int) and steps >= 1
    require(good, f"steps_per_epoch must be None or a whole number from 1, got {steps!r}")
    detector.steps_per_epoch = 1
    detector.fit(case.train, epochs=1, device="cpu")
    require(detector.steps_per_epoch == 1, "fit must leave steps_per_epoch as it is")


def learned_parameters_are_a_number(case: Case) -> None:
    """``learned_parameters`` of a trained detector is a whole number."""
    parts = OptionalParts(case.trained())
    count = parts.learned_parameters
    if count is None:
        raise SkipTest("it does not count its parameters")
    good = isinstance(count, int) and not isinstance(count, bool) and count >= 0
    require(good, f"learned_parameters must be a whole number from 0, got {count!r}")


def calls_are_counted(case: Case) -> None:
    """``calls_per_image`` is a whole number from 1."""
    detector: Any = case.build()
    if not hasattr(detector, "calls_per_image"):
        raise SkipTest("no calls_per_image")
    calls = OptionalParts(detector).calls_per_image
    good = isinstance(calls, int) and calls >= 1
    require(good, f"calls_per_image must be a whole number from 1, got {calls!r}")


def the_scoring_module_gives_the_scores(case: Case) -> None:
    """``scoring_module()`` gives the scores and maps of ``predict``, as float32 tensors."""
    detector: Any = case.trained()
    _skip_without(detector, lambda parts: parts.scoring_module is not None, "no scoring_module")
    try:
        module = detector.scoring_module()
    except ValueError as error:
        raise SkipTest(f"its score is no forward pass: {error}") from error
    import torch

    with torch.no_grad():
        score, heat = module(torch.from_numpy(case.test))
    found = score.numpy(), None if heat is None else heat.numpy()
    require_array("scoring_module()'s scores", found[0], (len(case.test),))
    require_close_arrays(case.scores(detector), *found, "scoring_module")


def reconstructions_are_images(case: Case) -> None:
    """``reconstruct`` gives finite images of the same shape, each by itself."""
    detector = case.trained()
    _skip_without(detector, lambda parts: parts.reconstructs, "it reconstructs no images")
    reconstruct: Any = OptionalParts(detector).reconstruction("cpu")
    try:
        whole, first = reconstruct(case.test), reconstruct(case.test[:1])
    except ValueError as error:
        require(False, str(error))
    near = np.allclose(whole[:1], first, rtol=1e-4, atol=1e-4)
    require(near, "the reconstruction of an image must not depend on the others")


def _interrupted(case: Case, keep: dict[str, Any]) -> bool:
    """Interrupt a training in its second epoch; False where it has no epochs."""
    done: list[int] = []

    def interrupt(epoch: Any) -> None:
        done.append(epoch.epoch)
        if epoch.epoch == 2:
            raise _InterruptedError

    try:
        case.fit(epochs=2, on_epoch=interrupt, **keep)
    except _InterruptedError:
        return True
    require(not done, f"an error in on_epoch must end the training, which did the epochs {done}")
    return False


def _skip_without(detector: Detector, has_it: Callable[[OptionalParts], bool], reason: str) -> None:
    if not has_it(OptionalParts(detector)):
        raise SkipTest(reason)


OPTIONAL_RULES = (
    batch_size_changes_no_score,
    history_has_one_entry_an_epoch,
    a_checkpoint_resumes_to_the_same_weights,
    an_epoch_can_be_one_step,
    learned_parameters_are_a_number,
    calls_are_counted,
    the_scoring_module_gives_the_scores,
    reconstructions_are_images,
)
