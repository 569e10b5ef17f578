"""Device and precision; training goes through Lightning Fabric."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import torch

from .options import check_choice

if TYPE_CHECKING:
    from lightning_fabric import Fabric

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
    found = resolve_device(device)
    return _made(found.type, found.index, precision)


def resolve_device(device: str = "auto") -> torch.device:
    """Return a device of this machine; see ``make_fabric``.

    Raises:
        ValueError: An unknown or unavailable device.
    """
    accelerator, _, index = str(device).partition(":")
    check_choice("device", accelerator, ("auto", "cpu", "cuda", "mps"))
    if index and not (accelerator == "cuda" and index.isdigit()):
        msg = f"expected device to be like 'cpu' or 'cuda:0', got {device!r}"
        raise ValueError(msg)
    available = {"cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}
    if accelerator in available and available[accelerator] <= int(index or 0):
        msg = f"device {device!r} is not available: this machine has {available[accelerator]}"
        raise ValueError(msg)
    if accelerator == "auto":
        accelerator = next((name for name, count in available.items() if count), "cpu")
    if accelerator == "cpu":
        _keep_freed_memory()
        return torch.device("cpu")
    return torch.device(accelerator, int(index or 0))


@cache  # making a Fabric reads the metadata of all installed packages
def _made(accelerator: str, index: int | None, precision: str) -> Fabric:
    # Seconds to import, which scoring does without.
    from lightning_fabric import Fabric
    from lightning_fabric.plugins.environments.lightning import LightningEnvironment

    return Fabric(
        accelerator=accelerator,
        devices=[index] if accelerator == "cuda" and index is not None else 1,
        precision=precision,  # type: ignore[arg-type]
        # One process, whatever a cluster's batch system has set in the environment.
        plugins=LightningEnvironment(),
    )


@cache
def _keep_freed_memory() -> None:
    """Let each training step reuse the memory that the last one freed, with glibc.

    glibc returns each large block to the system until one of at least that size, at most 32 MiB,
    has been freed (mallopt(3), M_MMAP_THRESHOLD). Thousands of fresh pages in every step are 5 to
    11 % of a training's time. At most 62 MiB stay allocated.
    """
    torch.empty(31 << 20, dtype=torch.uint8)  # freed at once, and never written
