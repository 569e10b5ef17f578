"""Files that are written whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np

from mia_bench.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Iterator


_LONGEST = 200  # bytes of a folder's name, of the 255 that most file systems allow
_LONGEST_SUFFIX = 16


@contextmanager
def atomic(path: Path, *, durable: bool = True) -> Iterator[Path]:
    """Yield a temporary path that replaces ``path`` when the block ends without error.

    A file that is not ``durable`` may be an older version, or none, after a power cut.

    Raises:
        OSError: It cannot be written; the error names ``path``.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        suffix = path.suffix if len(os.fsencode(path.suffix)) <= _LONGEST_SUFFIX else ""
        temporary = path.with_name(f"{_prefix(path)}{uuid.uuid4().hex}{suffix}")
        # Whoever may read it is what the user's umask says; tempfile's would be the user's alone.
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        try:
            yield temporary
            if durable:
                with temporary.open("rb+") as file:
                    os.fsync(file)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        # The name of the temporary file says nothing to anybody.
        raise OSError(error.errno, error.strerror, str(path)) from error


def expand_home(path: str | os.PathLike[str]) -> Path:
    """Return a path with ``~`` replaced by the user's home folder.

    Raises:
        StudyError: There is no such user, or no home folder.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        msg = f"cannot find {os.fspath(path)}: the home folder of this user is not known"
        raise StudyError(msg) from error


def is_folder_name(name: str) -> bool:
    """Return whether this can be the name of a visible folder inside another."""
    plain = name.isprintable() and not set(name) & set("/\\")
    return plain and name[:1] not in ("", ".") and len(name.encode()) <= _LONGEST


def check_writable(folder: Path) -> None:
    """Make a folder where there is none, and check that files can be written into it.

    Raises:
        StudyError: It cannot be made or written into.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        msg = f"cannot write into {folder}: {error.strerror}"
        raise StudyError(msg) from error


def remove_temporaries(path: Path) -> None:
    """Remove half-written versions of a file or folder that killed processes left.

    Call it only where no other process is writing it.
    """
    for left in path.parent.iterdir():
        if not left.name.startswith(_prefix(path)):
            continue
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)


def write_text(path: Path, text: str, *, durable: bool = True) -> None:
    """Write a text file; parts of file names that are not UTF-8 are escaped."""
    with atomic(path, durable=durable) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace")


class CsvLines:
    r"""File for a ``csv.writer``, whose rows then end with ``\n`` and have every ``\r`` quoted.

    By itself the writer quotes what the end of a row holds, and readers refuse a bare ``\r``.
    """

    END = "\r\n"  # the ``lineterminator`` of the writer

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, row: str) -> int:
        """Write a row."""
        return self._file.write(row.removesuffix(self.END) + "\n")


def write_json(path: Path, value: Any, *, durable: bool = True) -> None:
    """Write a JSON file."""
    write_text(path, json.dumps(value, indent=1, allow_nan=False) + "\n", durable=durable)


def write_array(path: Path, array: np.ndarray) -> None:
    """Write an array as .npy."""
    with atomic(path) as temporary, temporary.open("wb") as file:
        # np.save leaves out of its error that the disk is full.
        header = np.lib.format.header_data_from_array_1_0(np.ascontiguousarray(array))
        np.lib.format.write_array_header_1_0(file, header)
        file.write(np.ascontiguousarray(array).data)


def write_arrays(path: Path, **arrays: np.ndarray) -> None:
    """Write arrays as a compressed .npz."""
    with atomic(path) as temporary:
        # Before NumPy 2.1 allow_pickle=False would be one more array.
        np.savez_compressed(temporary, **arrays)  # type: ignore[arg-type]


def hidden_name(path: Path) -> str:
    """Return the hidden form of a file's name, of which a long one has a hash in its place."""
    name = os.fsencode(path.name)
    return f".{path.name if len(name) <= _LONGEST else hashlib.sha256(name).hexdigest()}"


def _prefix(path: Path) -> str:
    return f"{hidden_name(path)}-"
