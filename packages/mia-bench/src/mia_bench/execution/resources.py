"""Processor cores and GPUs of this machine, and their division among simultaneous runs."""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import contextmanager
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING

from mia_bench.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_IDLE_THREADS = {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "1000"}
# Memory that a step frees goes to the next one. The GNU C library would give it back to the system,
# which has to clear it page by page each time. 32 MiB is the most that it accepts for the first.
_KEPT_MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(512 << 20),
}
# The parameters of the C library's function of that name, in malloc.h.
_MALLOPT = {"MALLOC_MMAP_THRESHOLD_": -3, "MALLOC_TRIM_THRESHOLD_": -1}


def available_cores() -> int:
    """Return the number of cores that this process may use, few on a shared machine."""
    affinity = getattr(os, "sched_getaffinity", None)  # Linux only
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def visible_gpus() -> list[str]:
    """Return the GPUs that CUDA shows to this process, as CUDA_VISIBLE_DEVICES names them."""
    import torch

    count = torch.cuda.device_count()
    shown = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = shown.split(",") if shown else map(str, range(count))
    return [name.strip() for name in names][:count]


def share_gpus(gpus: Sequence[str], jobs: int, fraction: float | None) -> list[str]:
    """Return the GPU of each of ``jobs`` simultaneous runs, spread evenly.

    Args:
        gpus: Names of the GPUs.
        jobs: Number of simultaneous runs.
        fraction: Share of a GPU that a run needs, above 0 and at most 1; None for any.

    Raises:
        StudyError: The GPUs have no room for so many runs.
    """
    if fraction is not None:
        # Three thirds are one, whatever the rounding of 0.333 says.
        room = int(1 / fraction + 0.01) * len(gpus)
        if jobs > room:
            msg = (
                f"expected at most {room} runs at once, got {jobs}: "
                f"{len(gpus)} GPUs, {fraction:g} of one for each run"
            )
            raise StudyError(msg)
    return [gpus[job % len(gpus)] for job in range(jobs)]


def thread_settings(threads: int, *, insist: bool) -> dict[str, str]:
    """Return environment variables for a process that is to use so many threads.

    Args:
        threads: At least one.
        insist: Replace a number that is set already.
    """
    number = str(threads) if insist else os.environ.get("OMP_NUM_THREADS", str(threads))
    return {"OMP_NUM_THREADS": number, **idle_thread_settings()}


def memory_settings() -> dict[str, str]:
    """Return environment variables for a new process that keeps the memory it frees.

    Variables that are set already stay as they are.
    """
    return {name: os.environ.get(name, value) for name, value in _KEPT_MEMORY.items()}


def keep_freed_memory() -> None:
    """Make this process keep the memory that it frees, where it uses the GNU C library.

    Variables that are set already stay as they are.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        for name, parameter in _MALLOPT.items():
            if name not in os.environ:
                mallopt(parameter, int(_KEPT_MEMORY[name]))


def import_settings() -> dict[str, str]:
    """Return environment variables for a new Python that imports nothing of the working folder.

    Otherwise a file of the user's that is called like a module of Python, such as ``types.py``,
    would be imported in its place. Python 3.10 does not know the variable.

    Raises:
        StudyError: Python 3.10, and a working folder with such a file.
    """
    if sys.version_info < (3, 11) and (names := shadowing_files(Path.cwd())):
        msg = (
            f"expected a working folder without Python files that are called like a module, got "
            f"{', '.join(names)} in {Path.cwd()}: Python 3.10 would run them in place of the "
            "module; start in another folder, or use Python 3.11 or later"
        )
        raise StudyError(msg)
    return {"PYTHONSAFEPATH": "1"}


def shadowing_files(folder: Path) -> list[str]:
    """Return the modules and packages in a folder that are called like one installed elsewhere."""
    files = [*folder.glob("*.py"), *(path.parent for path in folder.glob("*/__init__.py"))]
    elsewhere = [path for path in sys.path if path and Path(path).resolve() != folder.resolve()]
    return sorted(
        path.name
        for path in files
        if path.stem in sys.stdlib_module_names
        or PathFinder.find_spec(path.stem, elsewhere) is not None
    )


def idle_thread_settings() -> dict[str, str]:
    """Return environment variables that say how idle threads wait for work.

    Threads that spin for long, as is their default, make training many times slower as soon as
    something else uses the processor too. Those that sleep at once have to be woken several times
    in each layer. So they spin for a moment. Variables that are set already stay as they are.
    """
    given = {name: os.environ[name] for name in _IDLE_THREADS if name in os.environ}
    return given or dict(_IDLE_THREADS)


@contextmanager
def environment_variables(settings: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables for the processes that are started in the block."""
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
