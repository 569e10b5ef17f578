"""The layout of the ISIC 2018 challenge, task 3: one folder and one CSV table per split."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mia_data.csv_tables import read_rows
from mia_data.errors import DataError
from mia_data.file_list import FileList, by_class, check_names

if TYPE_CHECKING:
    from pathlib import Path

_PART = {"train": "Training", "test": "Test"}
_NORMAL_COLUMN = "NV"


def _table(part: str) -> str:
    stem = f"ISIC2018_Task3_{part}_GroundTruth"
    return f"{stem}/{stem}.csv"


INDEXES = tuple(_table(part) for part in _PART.values())


def list_split(folder: Path, split: str) -> FileList:
    """List a split: images with ``NV`` = 1 (nevus) are normal; training takes no others.

    Raises:
        DataError: The table is missing or has other columns or values, or a class is empty.
    """
    part = _PART[split]
    path = folder / _table(part)
    images: dict[bool, list[str]] = {True: [], False: []}
    for row in read_rows(path, ("image", _NORMAL_COLUMN)):
        value = row.values[_NORMAL_COLUMN]
        try:
            is_normal = {0.0: False, 1.0: True}[float(value)]
        except (KeyError, ValueError) as error:
            msg = f"{path}, line {row.line}: expected {_NORMAL_COLUMN} to be 0 or 1, got {value!r}"
            raise DataError(msg) from error
        images[is_normal].append(row.values["image"])
    for is_normal, names in images.items():
        if not names and (is_normal or split == "test"):
            msg = f"{path} lists no image with {_NORMAL_COLUMN} = {int(is_normal)}"
            raise DataError(msg)
    inner = f"ISIC2018_Task3_{part}_Input"
    normal, abnormal = (
        [f"{inner}/{name}.jpg" for name in check_names(images[key], str(path))]
        for key in (True, False)
    )
    return by_class(folder, str(path), normal, abnormal if split == "test" else ())
