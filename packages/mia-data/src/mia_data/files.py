"""Checks of paths that never raise, reading of whole files, and writing that is never half done."""

from __future__ import annotations

import os
import stat
import uuid
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from mia_data.errors import DataError, reason
from mia_data.limits import max_bytes, max_table_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

# Non-blocking, so that a named pipe in the place of an image is refused and not waited for.
OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)


# Names of files that are not finished; a killed process leaves one.
TEMPORARY_PREFIX = ".unfinished-"


def expand_home(path: Path | str, setting: str = "HOME") -> Path:
    """Return a path with ``~`` replaced by the user's home folder.

    Args:
        path: The path.
        setting: The environment variable that helps where there is no such folder.

    Raises:
        DataError: The user has no home folder.
    """
    return _with_home(lambda: Path(path).expanduser(), setting)


def home(setting: str) -> Path:
    """Return the user's home folder; errors as in ``expand_home``."""
    return _with_home(Path.home, setting)


def _with_home(find: Callable[[], Path], setting: str) -> Path:
    try:
        return find()
    except RuntimeError as error:
        msg = f"the home folder of this user is not known, expected {setting} to be set"
        raise DataError(msg) from error


# Not pathlib's functions, which raise for a name that is too long to be one.
def is_folder(path: Path | str) -> bool:
    """Tell whether a path is a folder; never raises."""
    return os.path.isdir(path)  # noqa: PTH112


def is_file(path: Path | str) -> bool:
    """Tell whether a path is a file; never raises."""
    return os.path.isfile(path)  # noqa: PTH113


def exists(path: Path | str) -> bool:
    """Tell whether there is something at a path; never raises."""
    return os.path.exists(path)  # noqa: PTH110


def read_image_bytes(path: Path | str) -> bytes:
    """Read a whole file of images, of at most ``MIA_MAX_BYTES``; errors as of ``read_bytes``."""
    return read_bytes(path, limit=max_bytes(), variable="MIA_MAX_BYTES")


def read_table_bytes(path: Path | str) -> bytes:
    """Read a whole table, of at most ``MIA_MAX_TABLE_BYTES``; errors as of ``read_bytes``."""
    return read_bytes(path, limit=max_table_bytes(), variable="MIA_MAX_TABLE_BYTES")


def read_bytes(path: Path | str, *, limit: int, variable: str = "") -> bytes:
    """Read a whole regular file.

    Args:
        path: The file.
        limit: How many bytes it may have.
        variable: Name of the environment variable that sets the limit, for the error.

    Raises:
        DataError: The file is missing, empty, not a file, or longer than ``limit`` bytes.
    """
    try:
        # os.open and one read of the right length: less than half of the time of Path.read_bytes.
        handle = os.open(path, OPEN_FLAGS)
        try:
            size = _regular_size(handle, path)
            if size > limit:
                msg = f"{path} has {size} bytes, expected at most {limit}"
                if variable:
                    msg += f" ({variable})"
                raise DataError(msg)
            data = os.read(handle, size + 1)
        finally:
            os.close(handle)
    except OSError as error:
        msg = f"cannot read {path}: {error.strerror or reason(error)}"
        raise DataError(msg) from error
    if not data:
        msg = f"cannot read {path}: the file is empty"
        raise DataError(msg)
    return data


def write_file(path: Path, data: bytes) -> None:
    """Write a whole file through a temporary one, and make its folder if there is none.

    Its content is on the disk before its name is.

    Raises:
        DataError: It cannot be written; nothing is left then.
    """
    temporary = path.with_name(f"{TEMPORARY_PREFIX}{uuid.uuid4().hex}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        msg = f"cannot write {path}: {error.strerror or reason(error)}"
        raise DataError(msg) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def open_file(path: Path | str) -> BinaryIO:
    """Open a regular file for reading.

    Raises:
        DataError: The file is missing, empty, or not a file.
    """
    try:
        handle = os.open(path, OPEN_FLAGS)
    except OSError as error:
        msg = f"cannot read {path}: {error.strerror or reason(error)}"
        raise DataError(msg) from error
    try:
        size = _regular_size(handle, path)
        if not size:
            msg = f"cannot read {path}: the file is empty"
            raise DataError(msg)
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def _regular_size(handle: int, path: Path | str) -> int:
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode):
        msg = f"cannot read {path}: expected a regular file"
        raise DataError(msg)
    return status.st_size
