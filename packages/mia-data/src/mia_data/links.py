"""Check for symbolic links that leave a dataset's folder."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mia_data.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def check_links(folder: Path, names: Iterable[str]) -> None:
    """Refuse symbolic links that lead out of a folder.

    The folder itself may be a link.

    Raises:
        DataError: A file, or a folder on the way to it, is such a link.
    """
    root = os.path.realpath(folder)
    inner_folders: dict[str, bool] = {}
    for name in names:
        path = f"{folder}/{name}"
        head = path.rpartition("/")[0]
        if head not in inner_folders:
            inner_folders[head] = _is_inside(os.path.realpath(head), root)
        # Most files lie in few folders and are no links: one cheap look at each.
        if os.path.islink(path):  # noqa: PTH114
            is_inside = _is_inside(os.path.realpath(path), root)
        else:
            is_inside = inner_folders[head]
        if not is_inside:
            msg = f"{path} is a link to {os.path.realpath(path)}, expected a file inside {root}"
            raise DataError(msg)


def _is_inside(path: str, root: str) -> bool:
    return f"{path}/".startswith(f"{root}/")
