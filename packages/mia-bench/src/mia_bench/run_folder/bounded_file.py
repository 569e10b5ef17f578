"""Files of a run as bytes: regular files only, and no more bytes than expected."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from mia_bench.errors import StudyError

if TYPE_CHECKING:
    from pathlib import Path


def read_bounded(path: Path, max_bytes: int) -> bytes:
    """Return the content of a file.

    Raises:
        StudyError: The file is missing, is no regular file (a pipe would be waited for without
            end), or has more than ``max_bytes``.
    """
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            msg = f"cannot read {path}: it is not a regular file"
            raise StudyError(msg)
        content = b""
        if found.st_size <= max_bytes:
            with path.open("rb") as file:
                # Memory for as many bytes as are asked for is taken at once.
                content = file.read(found.st_size + 1)
    except OSError as error:
        msg = f"cannot read {path}: {error.strerror}"
        raise StudyError(msg) from error
    if max(found.st_size, len(content)) > max_bytes:
        msg = f"cannot read {path}: expected at most {max_bytes} bytes, got more"
        raise StudyError(msg)
    return content
