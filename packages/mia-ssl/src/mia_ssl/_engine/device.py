"""Device and precision, through Lightning Fabric."""

from __future__ import annotations

from functools import cache

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments.lightning import LightningEnvironment

from .options import check_choice

PRECISIONS = ("32-true", "bf16-mixed")


def make_fabric(device: str = "auto", precision: str = "32-true") -> Fabric:
    """Return a Fabric for one device.

    Args:
        device: ``"auto"`` (the best available), ``"cpu"``, ``"cuda"``, ``"cuda:1"`` or ``"mps"``.
        precision: ``"32-true"`` or ``"bf16-mixed"`` (which needs no loss scaling).

    Raises:
        ValueError: An unknown or unavailable device, or an unknown precision.
    """
    check_choice("precision", precision, PRECISIONS)
    accelerator, _, index = str(device).partition(":")
    check_choice("device", accelerator, ("auto", "cpu", "cuda", "mps"))
    if index and not (accelerator == "cuda" and index.isdigit()):
        msg = f"expected device to be like 'cpu' or 'cuda:0', got {device!r}"
        raise ValueError(msg)
    available = {"cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}
    if accelerator in available and available[accelerator] <= int(index or 0):
        msg = f"device {device!r} is not available: this machine has {available[accelerator]}"
        raise ValueError(msg)
    return _made(accelerator, int(index) if index else None, precision)


@cache  # making a Fabric reads the metadata of all installed packages
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
    """Let each training step reuse the memory that the last one freed, with glibc.

    glibc returns each large block to the system until one of at least that size, at most 32 MiB,
    has been freed (mallopt(3), M_MMAP_THRESHOLD). Thousands of fresh pages in every step are 5 to
    11 % of a training's time. At most 62 MiB stay allocated.
    """
    torch.empty(31 << 20, dtype=torch.uint8)  # freed at once, and never written
