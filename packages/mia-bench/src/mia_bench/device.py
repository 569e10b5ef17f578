"""The device that detectors compute on, and the machine around it."""

from __future__ import annotations

import os
import platform
import re
from importlib.metadata import version
from typing import Any

from mia_bench.errors import StudyError

_PACKAGES = ("mia-data", "mia-metrics", "mia-recon", "mia-ssl", "mia-bench", "numpy", "torch")


def parse_device(device: str) -> tuple[str, int | None]:
    """Return kind and number of a device: ``("cuda", 1)``, ``("cpu", None)``.

    Raises:
        StudyError: Not the name of a device.
    """
    parts = re.fullmatch(r"(auto)|(cpu|cuda|mps)(?::(\d+))?", device)
    if parts is None:
        msg = f"expected device to be auto, cpu, cuda, cuda:N or mps, got {device!r}"
        raise StudyError(msg)
    return parts[1] or parts[2], None if parts[3] is None else int(parts[3])


def resolve_device(device: str) -> str:
    """Return the best device of this machine for ``"auto"``, and any other as it is.

    Raises:
        StudyError: An unknown device, or one that this machine does not have.
    """
    import torch

    count = {
        "cuda": torch.cuda.device_count(),
        "mps": int(torch.backends.mps.is_available()),
        "cpu": 1,
    }
    kind, number = parse_device(device)
    if kind == "auto":
        return next(name for name, there in count.items() if there)
    if (number or 0) >= count[kind]:
        msg = f"device {device!r} is not there: this machine has {count[kind]} of {kind}"
        raise StudyError(msg)
    return device


def machine_facts(device: str) -> dict[str, Any]:
    """Return the device, the machine and the versions of the packages, as JSON values."""
    import torch

    name = platform.processor() or platform.machine()
    if device.startswith("cuda"):
        name = torch.cuda.get_device_name(device)
    return {
        "device": device,
        "name": name,
        "threads": torch.get_num_threads(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {package: version(package) for package in _PACKAGES},
    }
