"""Which folders may be replaced by a new one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mia_bench.errors import StudyError

if TYPE_CHECKING:
    from pathlib import Path


def check_replaceable(path: Path, *, marker: str, what: str) -> None:
    """Refuse to write where something else is.

    Args:
        path: The folder that is to be written.
        marker: A file that every folder of this kind holds.
        what: The kind, for the message.

    Raises:
        StudyError: The path is a file, a mount point, or a folder that is neither empty nor of this
            kind.
    """
    if os.path.ismount(path):
        msg = f"cannot replace {path}, where another disk is mounted: choose a folder inside it"
        raise StudyError(msg)
    if path.is_dir():
        free = (path / marker).is_file() or not any(path.iterdir())
    else:
        free = not path.exists()
    if not free:
        msg = f"will not overwrite {path}: expected a new or empty folder, or {what}"
        raise StudyError(msg)
