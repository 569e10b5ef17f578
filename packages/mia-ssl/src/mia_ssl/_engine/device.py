"""Device and precision, by Lightning Fabric."""

from __future__ import annotations

from functools import cache

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments.lightning import LightningEnvironment

from .options import check_choice

PRECISIONS = ("32-true", "bf16-mixed")


def make_fabric(device: str = "auto", precision: str = "32-true") -> Fabric:
    """A one-device Fabric.

    Args:
        device: ``"auto"`` (the best that is there), ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"mps"``.
        precision: ``"32-true"``, or ``"bf16-mixed"`` (needs no loss scaling).

    Raises:
        ValueError: A device that is not known or not there, an unknown precision.
    """
    check_choice("precision", precision, PRECISIONS)
    accelerator, _, index = str(device).partition(":")
    check_choice("device", accelerator, ("auto", "cpu", "cuda", "mps"))
    if index and not (accelerator == "cuda" and index.isdigit()):
        msg = f"expected device to be like 'cpu' or 'cuda:0', got {device!r}"
        raise ValueError(msg)
    available = {"cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}
    if accelerator in available and available[accelerator] <= int(index or 0):
        msg = f"device {device!r} is not there: this machine has {available[accelerator]}"
        raise ValueError(msg)
    return _made(accelerator, int(index) if index else None, precision)


@cache  # a Fabric that is made reads the metadata of all installed packages
def _made(accelerator: str, index: int | None, precision: str) -> Fabric:
    fabric = Fabric(
        accelerator=accelerator,
        devices=1 if index is None else [index],
        precision=precision,  # type: ignore[arg-type]
        # One process, whatever a cluster's batch system has set in the environment.
        plugins=LightningEnvironment(),
    )
    if fabric.device.type == "cpu":
        _keep_freed_memory()
    return fabric


def _keep_freed_memory() -> None:
    """Let the memory that a step frees serve the next one, where the C library is glibc.

    It asks the system for each large block and gives it back, until one of at least that size has
    been freed, 32 MiB at most (mallopt(3), M_MMAP_THRESHOLD). Thousands of fresh pages in every
    step are 5 to 11 % of a training's time. At most 62 MiB stay behind.
    """
    torch.empty(31 << 20, dtype=torch.uint8)  # freed at once, and never written
