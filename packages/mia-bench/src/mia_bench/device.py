"""The device that runs are done on, settled before the first one starts."""

from __future__ import annotations

import re

from mia_bench.errors import StudyError


def parse_device(device: str) -> tuple[str, int | None]:
    """Kind and number: ``("cuda", 1)``, ``("cpu", None)``.

    Raises:
        StudyError: Not the name of a device.
    """
    parts = re.fullmatch(r"(auto)|(cpu|cuda|mps)(?::(\d+))?", device)
    if parts is None:
        msg = f"expected device to be auto, cpu, cuda, cuda:N or mps, got {device!r}"
        raise StudyError(msg)
    return parts[1] or parts[2], None if parts[3] is None else int(parts[3])


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
    kind, number = parse_device(device)
    if kind == "auto":
        return next(name for name, there in count.items() if there)
    if (number or 0) >= count[kind]:
        msg = f"device {device!r} is not there: this machine has {count[kind]} of {kind}"
        raise StudyError(msg)
    return device
