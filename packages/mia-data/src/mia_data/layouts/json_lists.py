"""The ``data.json`` layout: one folder of images, and a list of names per split and class."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mia_data.errors import DataError, reason
from mia_data.file_list import FileList, by_class, check_names
from mia_data.files import read_table_bytes

if TYPE_CHECKING:
    from pathlib import Path

INDEX = "data.json"
IMAGES = "images"
_SHAPE = '{"train": {"0": [names]}, "test": {"0": [names], "1": [names]}}'


def list_split(folder: Path, split: str) -> FileList:
    """List a split of ``images/*`` and ``data.json``.

    Raises:
        DataError: ``data.json`` is missing, is not JSON, has another shape, an empty class, or a
            name outside the folder.
    """
    path = folder / INDEX
    index = read_index(path)
    keys = ("0",) if split == "train" else ("0", "1")
    normal, *abnormal = (
        [f"{IMAGES}/{name}" for name in read_names(index, split, key, path)] for key in keys
    )
    return by_class(folder, str(path), normal, abnormal[0] if abnormal else (), id_folder=IMAGES)


def read_index(path: Path) -> Any:
    """Read a file of the form of ``data.json``.

    Raises:
        DataError: It is missing or is not JSON.
    """
    try:
        return json.loads(read_table_bytes(path))
    except (ValueError, RecursionError) as error:
        if isinstance(error, DataError):
            raise
        msg = f"{path} is not JSON: {reason(error)}"
        raise DataError(msg) from error


def read_names(index: Any, split: str, key: str, path: Path) -> list[str]:
    """Return the names of a split and class.

    Raises:
        DataError: They are not there, are no list of names, none, or one leaves the folder.
    """
    try:
        names = index[split][key]
    except (KeyError, TypeError, IndexError) as error:
        msg = f'{path} has no ["{split}"]["{key}"], expected {_SHAPE}'
        raise DataError(msg) from error
    if not isinstance(names, list) or not names:
        what = "an empty list" if names == [] else f"a {type(names).__name__}"
        msg = f'{path} has {what} at ["{split}"]["{key}"], expected a list of file names'
        raise DataError(msg)
    return check_names(names, str(path))
