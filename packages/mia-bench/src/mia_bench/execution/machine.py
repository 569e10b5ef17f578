"""What a run cost: peak memory and the machine it ran on."""

from __future__ import annotations

import contextlib
import sys
import time
from pathlib import Path


def reset_peak_memory() -> None:
    """Start measuring the peak anew; without Linux or CUDA the process's whole peak counts."""
    clear = Path("/proc/self/clear_refs")
    if clear.exists():
        with contextlib.suppress(OSError):  # some containers forbid it
            clear.write_text("5")
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()


def peak_memory() -> dict[str, int]:
    """Bytes: ``cpu`` (resident set), and ``cuda`` where a GPU was used."""
    peak = {"cpu": _peak_resident()}
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        peak["cuda"] = torch.cuda.max_memory_allocated()
    return peak


def _peak_resident() -> int:
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    import resource

    # Kilobytes on Linux, bytes on macOS.
    scale = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale


def parameters(detector: object) -> int | None:
    """Values that the detector's torch networks learn; None where it holds no such network."""
    torch = sys.modules.get("torch")
    if torch is None:
        return None
    networks = [each for each in vars(detector).values() if isinstance(each, torch.nn.Module)]
    unique = {id(p): p.numel() for each in networks for p in each.parameters() if p.requires_grad}
    return sum(unique.values()) if networks else None


def now() -> str:
    """The time in UTC, as ISO 8601 writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
