"""Costs of a run: its peak memory, and the machine it ran on."""

from __future__ import annotations

import contextlib
import sys
import time
from pathlib import Path

from mia_bench.run_folder.records import PeakMemory


def reset_peak_memory() -> None:
    """Start measuring the peak anew; without Linux or CUDA the process's whole peak counts."""
    clear = Path("/proc/self/clear_refs")
    if clear.exists():
        with contextlib.suppress(OSError):  # some containers forbid it
            clear.write_text("5")
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()


def peak_memory() -> PeakMemory:
    """Return the peak of the resident set, and of the GPU's memory where there is a GPU."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return PeakMemory(_peak_resident())
    return PeakMemory(_peak_resident(), torch.cuda.max_memory_allocated())


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
    """Count the values that the detector's torch networks learn; None if it has no network."""
    torch = sys.modules.get("torch")
    if torch is None:
        return None
    networks = [each for each in vars(detector).values() if isinstance(each, torch.nn.Module)]
    unique = {id(p): p.numel() for each in networks for p in each.parameters() if p.requires_grad}
    return sum(unique.values()) if networks else None


def now() -> str:
    """Return the time in UTC, as ISO 8601 writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
