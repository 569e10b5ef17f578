"""Training loop with seeded order, losses summed on the device, checkpoints, early stop."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch

from .records import Epoch
from .seeding import generator
from .storage import ModelFileError, load_folder, save_folder

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Mapping

    from torch import Tensor

    from .images import ImageSource

_ORDER, _STEPS = 1, 2  # streams of the seed; 0 draws the weights
_FEW = 8  # a last batch of at most this part of a batch joins the one before it


class Task(Protocol):
    """A training step and its state."""

    def step(self, images: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        """Learn from uint8 images (B, C, H, W); return the loss terms as scalars on the device."""
        ...

    def end_epoch(self, losses: Mapping[str, float]) -> float:
        """Update what changes once per epoch; return the learning rate that the epoch had."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """Return everything that an interrupted training needs to continue."""
        ...

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the result of ``state_dict``."""
        ...


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """Length, batches, seed and checkpoint of a training.

    Attributes:
        epochs: Number of epochs, including those of a continued checkpoint.
        batch_size: Images per step; a last batch of few images joins the one before it, see
            ``batches``.
        seed: Seed of the order and of all random draws of the steps.
        steps_per_epoch: Steps per epoch, passing over the images as often as needed (default: one
            pass).
        checkpoint: Folder for the training's state; training continues from it if it exists. The
            last epoch is written too; the caller removes the folder.
        checkpoint_every: Epochs between two writes of the checkpoint.
        identity: Facts that must be equal for a checkpoint to fit (method, options, data shape).
    """

    epochs: int
    batch_size: int
    seed: int
    steps_per_epoch: int | None = None
    checkpoint: str | os.PathLike[str] | None = None
    checkpoint_every: int = 10
    identity: Mapping[str, Any] | None = None


def train(
    task: Task,
    source: ImageSource,
    schedule: Schedule,
    on_epoch: Callable[[Epoch], Any] | None = None,
) -> list[dict[str, float]]:
    """Run the schedule; return the mean losses of each epoch.

    Each epoch has its own generators, made from the seed and its number, so that a training that
    continues from a checkpoint ends with the same weights as an uninterrupted one.

    Raises:
        ModelFileError: A checkpoint of another training, or of a later epoch than the last.
        FloatingPointError: A loss that is no longer finite.
    """
    history, stopped = _resume(task, schedule)
    for number in range(len(history) + 1, 0 if stopped else schedule.epochs + 1):
        losses = _epoch(task, source, schedule, number)
        rate = task.end_epoch(losses)
        history.append(losses)
        record = Epoch(epoch=number, epochs=schedule.epochs, losses=losses, learning_rate=rate)
        stop = on_epoch is not None and _is_true(on_epoch(record))
        last = stop or number == schedule.epochs
        if schedule.checkpoint and (last or number % schedule.checkpoint_every == 0):
            state = {"task": task.state_dict(), "history": history, "stopped": stop}
            save_folder(schedule.checkpoint, state, _identity(schedule))
        if stop:
            break
    return history


def _is_true(answer: Any) -> bool:
    """Return whether a callback returned True; other values do not count."""
    return isinstance(answer, (bool, np.bool_)) and bool(answer)


def _epoch(task: Task, source: ImageSource, schedule: Schedule, number: int) -> dict[str, float]:
    order = generator(schedule.seed, _ORDER, number)
    draws = generator(schedule.seed, _STEPS, number, device=source.device)
    sums: dict[str, Tensor] = {}
    count = 0
    for indices in batches(len(source), schedule.batch_size, order, schedule.steps_per_epoch):
        for name, loss in task.step(source.take(indices), draws).items():
            # Stays on the device: reading a value here would make every step wait for it.
            sums[name] = sums.get(name, 0) + loss.detach() * len(indices)
        count += len(indices)
    totals = torch.stack(list(sums.values())).tolist()
    losses = {name: total / count for name, total in zip(sums, totals, strict=True)}
    if not all(map(math.isfinite, totals)):
        msg = f"training diverged in epoch {number}: losses {losses}; try a lower learning_rate"
        raise FloatingPointError(msg)
    return losses


def batches(
    count: int, batch_size: int, order: torch.Generator, steps: int | None = None
) -> Iterator[Tensor]:
    """Yield the indices of each batch of an epoch, in random order.

    Without ``steps`` every image comes once. A single image left over, or up to an eighth of a
    batch, joins the batch before it: BatchNorm cannot learn from one value, and few images disturb
    its running statistics just before they are used. With ``steps`` that many full batches come,
    from as many passes over the images as needed.
    """
    if steps is not None:
        rounds = -(-steps * batch_size // count)
        stream = torch.cat([torch.randperm(count, generator=order) for _ in range(rounds)])
        yield from stream[: steps * batch_size].split(batch_size)
        return
    parts = list(torch.randperm(count, generator=order).split(batch_size))
    if len(parts) > 1 and len(parts[-1]) <= max(1, batch_size / _FEW):
        parts[-2:] = [torch.cat(parts[-2:])]
    yield from parts


def _identity(schedule: Schedule) -> dict[str, Any]:
    identity = {"identity": dict(schedule.identity or {}), "seed": schedule.seed}
    return json.loads(json.dumps(identity))  # as read from a file: tuples become lists


def _resume(task: Task, schedule: Schedule) -> tuple[list[dict[str, float]], bool]:
    """Load the checkpoint into the task; return the history and whether training had ended."""
    if schedule.checkpoint is None or _is_free(Path(schedule.checkpoint)):
        return [], False
    state, meta = load_folder(schedule.checkpoint)
    if meta != _identity(schedule):
        msg = (
            f"the checkpoint at {schedule.checkpoint} is of another training: "
            f"expected {_identity(schedule)}, got {meta}"
        )
        raise ModelFileError(msg)
    if len(state["history"]) > schedule.epochs:
        msg = (
            f"the checkpoint at {schedule.checkpoint} is of epoch {len(state['history'])}: "
            f"expected it to be of the {schedule.epochs} to train, or before"
        )
        raise ModelFileError(msg)
    task.load_state_dict(state["task"])
    return state["history"], state["stopped"]


def _is_free(path: Path) -> bool:
    return not path.exists() or (path.is_dir() and not any(path.iterdir()))
