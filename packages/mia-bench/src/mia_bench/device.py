"""The device that runs are done on, settled before the first one starts."""

from __future__ import annotations

import re

from mia_bench.errors import StudyError


def resolve_device(device: str) -> str:
    """``"auto"`` as the best device that is there; any other as it is.

    Raises:
        StudyError: A device that is not known or not there.
    """
    import torch

    count = {
        "cuda": torch.cuda.device_count(),
        "mps": int(torch.backends.mps.is_available()),
        "cpu": 1,
    }
    if device == "auto":
        return next(name for name, there in count.items() if there)
    parts = re.fullmatch(r"(cpu|cuda|mps)(?::(\d+))?", device)
    if parts is None:
        msg = f"expected device to be auto, cpu, cuda, cuda:N or mps, got {device!r}"
        raise StudyError(msg)
    if int(parts[2] or 0) >= count[parts[1]]:
        msg = f"device {device!r} is not there: this machine has {count[parts[1]]} of {parts[1]}"
        raise StudyError(msg)
    return device
