"""A lock on a folder, so that one process at a time writes to it."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from mia_data.errors import DataError, reason

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOCK = ".lock"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Make a folder if there is none, and lock it for this process.

    The lock ends with the process, however it ends; its file stays. Systems and disks without locks
    have none.

    Raises:
        DataError: Another process has locked it, or the folder cannot be written.
    """
    path = folder / LOCK
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        msg = f"cannot write {path}: {error.strerror or reason(error)}"
        raise DataError(msg) from error
    try:
        if not _lock(handle, path):
            msg = f"another process writes to {folder}, expected one at a time (wait for it)"
            raise DataError(msg)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, path: Path) -> bool:
    """Lock a file; tell whether it is locked and still the one at its path."""
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # A disk without locks.
        return True
    with suppress(OSError):
        return os.path.samestat(os.fstat(handle), os.stat(path))  # noqa: PTH116
    return False
