"""Lookup of the optional parts of the detector contract, which ``protocol`` declares."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from mia_bench.detectors.protocol import Cost, Detector, MethodInfo


@dataclass(frozen=True, kw_only=True)
class OptionalParts:
    """The optional parts that a detector has, as they are at the moment.

    Attributes:
        takes_checkpoint: Whether it is ``TakesCheckpoint``.
        takes_batch_size: Whether it is ``TakesBatchSize``.
        history: The losses of each epoch where it is ``HasHistory``, else None.
        steps_per_epoch: Its steps where it is ``HasStepsPerEpoch`` and has a number, else None.
    """

    takes_checkpoint: bool
    takes_batch_size: bool
    history: Sequence[Mapping[str, float]] | None
    steps_per_epoch: int | None

    def checkpoint(self, folder: str | os.PathLike[str], every: int) -> dict[str, Any]:
        """Return the arguments of ``fit`` for a checkpoint; none where it keeps none."""
        return {"checkpoint": folder, "checkpoint_every": every} if self.takes_checkpoint else {}

    def batch_size(self, count: int) -> dict[str, int]:
        """Return the arguments of ``predict`` for a batch size; none where it takes none."""
        return {"batch_size": count} if self.takes_batch_size else {}


def optional_parts(detector: Detector) -> OptionalParts:
    """Look up the optional parts of a detector."""
    fit = inspect.signature(detector.fit).parameters
    return OptionalParts(
        takes_checkpoint="checkpoint" in fit and "checkpoint_every" in fit,
        takes_batch_size="batch_size" in inspect.signature(detector.predict).parameters,
        history=getattr(detector, "history", None),
        steps_per_epoch=getattr(detector, "steps_per_epoch", None),
    )


def cost_of(info: MethodInfo) -> Cost | None:
    """Return what a method costs, None where its package does not tell."""
    return getattr(info, "cost", None)
