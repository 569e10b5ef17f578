"""Paths of datasets in a study file and on the command line."""

from __future__ import annotations

import os
from pathlib import Path


def is_path(text: str) -> bool:
    """Return whether it has a slash, or is no registered name but that of a file or folder."""
    if os.sep in text or "/" in text or text in (".", "..", "~"):
        return True
    import mia_data  # brings NumPy, which a study without such a word need not wait for

    try:
        mia_data.info(text)
    except mia_data.UnknownNameError:
        return Path(text).exists()
    return False


def locate(path: str, folder: Path = Path()) -> str:
    """Return a path as one that starts from a folder; ``~`` is left to whoever opens it."""
    return path if path.startswith("~") else os.path.abspath(folder / path)  # noqa: PTH100
