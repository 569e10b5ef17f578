"""A run's folder on its way from the machine that did the run to the study's folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from filelock import Timeout

from mia_bench.files import atomic
from mia_bench.run_folder.folder import LOCK, RunFolder

if TYPE_CHECKING:
    from pathlib import Path

    from filelock import BaseFileLock

LOCK_SECONDS = 1  # who only asks for the run's state holds the lock for an instant


def read_files(folder: RunFolder) -> dict[str, bytes]:
    """The files of a run that has ended, by their path inside its folder."""
    unfinished = (folder.checkpoint, folder.selection, folder.progress, folder.settings)
    left_out = {LOCK, *(path.name for path in unfinished)}
    paths = [path.relative_to(folder.path) for path in sorted(folder.path.rglob("*"))]
    return {
        path.as_posix(): (folder.path / path).read_bytes()
        for path in paths
        if path.parts[0] not in left_out and (folder.path / path).is_file()
    }


def write_files(folder: RunFolder, files: dict[str, bytes]) -> None:
    """Write what ``read_files`` gave, run.json last; the log goes behind that of earlier tries.

    For the process that holds the folder's lock.
    """
    for name in sorted(files, key=lambda name: name == folder.result.name):
        path = folder.path / name
        if path == folder.log:
            with path.open("ab") as log:
                log.write(files[name])
        else:
            with atomic(path) as temporary:
                temporary.write_bytes(files[name])
    if folder.result.name in files:
        folder.finish()


class Claims:
    """The locks of the runs that are done where the study's folder is not seen."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self._held: dict[str, BaseFileLock] = {}

    def take(self, run: str) -> bool:
        """Hold a run's lock from now on; False where another process has it."""
        if run not in self._held:
            folder = RunFolder(self._out / run)
            folder.path.mkdir(parents=True, exist_ok=True)
            lock = folder.lock(timeout=LOCK_SECONDS)
            try:
                lock.acquire()
            except Timeout:
                return False
            self._held[run] = lock
        return True

    def free(self, *runs: str) -> None:
        """Let go of locks, of all without names."""
        for run in runs or tuple(self._held):
            if run in self._held:
                self._held.pop(run).release()
