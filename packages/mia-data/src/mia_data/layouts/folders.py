"""Layouts with one folder per split and class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mia_data.errors import DataError
from mia_data.file_list import FileList, by_class
from mia_data.list_files import list_images

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


def class_folders(
    train: str, normal: str, abnormal: Sequence[str]
) -> Callable[[Path, str], FileList]:
    """Return the function that lists a split of such a layout.

    Args:
        train: The folder of normal images for training.
        normal: The folder of normal test images.
        abnormal: The folders of abnormal test images.
    """

    def list_split(folder: Path, split: str) -> FileList:
        if split == "train":
            return by_class(folder, str(folder), list_images(folder, train))
        images = [name for inner in abnormal for name in list_images(folder, inner)]
        return by_class(folder, str(folder), list_images(folder, normal), images)

    return list_split


def brats(folder: Path, split: str) -> FileList:
    """List a split of BraTS2021: ``train``, ``test/{normal,tumor,annotation}``.

    A mask's name is its image's with ``flair`` replaced by ``seg``.

    Raises:
        DataError: A folder is missing or empty, or a name of ``test/tumor`` has no ``flair`` in it.
    """
    if split == "train":
        return by_class(folder, str(folder), list_images(folder, "train"))
    tumors = list_images(folder, "test/tumor")
    masks = {}
    for path in tumors:
        name = path.rpartition("/")[2]
        if "flair" not in name:
            msg = f"{folder / path}: expected 'flair' in the name, which its mask has as 'seg'"
            raise DataError(msg)
        masks[path] = f"test/annotation/{name.replace('flair', 'seg')}"
    return by_class(
        folder, str(folder), list_images(folder, "test/normal"), tumors, abnormal_masks=masks
    )
