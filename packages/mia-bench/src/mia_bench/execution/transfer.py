"""Transfer of a run's folder from the machine that did the run to the study's folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from filelock import Timeout

from mia_bench.files import atomic
from mia_bench.run_folder.folder import LOCK, RunFolder

if TYPE_CHECKING:
    from pathlib import Path

    from filelock import BaseFileLock

LOCK_SECONDS = 1  # a process that only asks for the run's state holds the lock for an instant


def read_files(folder: RunFolder) -> dict[str, bytes]:
    """Return the files of a run that has ended, by their path inside its folder."""
    unfinished = (folder.checkpoint, folder.selection, folder.progress, folder.settings)
    left_out = {LOCK, *(path.name for path in unfinished)}
    paths = [path.relative_to(folder.path) for path in sorted(folder.path.rglob("*"))]
    return {
        path.as_posix(): (folder.path / path).read_bytes()
        for path in paths
        if path.parts[0] not in left_out and (folder.path / path).is_file()
    }


def write_files(folder: RunFolder, files: dict[str, bytes]) -> None:
    """Write the files that ``read_files`` returned, run.json last; the log is appended.

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


class RunLocks:
    """Locks of the runs that are done where the study's folder is not visible."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self._held: dict[str, BaseFileLock] = {}

    def acquire(self, run: str) -> bool:
        """Hold a run's lock from now on; return False if another process has it."""
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

    def release(self, *runs: str) -> None:
        """Release the locks of these runs; without names, all of them."""
        for run in runs or tuple(self._held):
            if run in self._held:
                self._held.pop(run).release()
