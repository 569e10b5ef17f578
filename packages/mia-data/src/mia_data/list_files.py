"""Listing of the images and folders inside a folder."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mia_data.decode.dicom_series import find_place, slice_order
from mia_data.errors import DataError
from mia_data.file_types import IMAGE_SUFFIXES, is_image
from mia_data.files import expand_home

if TYPE_CHECKING:
    from pathlib import Path


def list_images(folder: Path, inner: str) -> list[str]:
    """Return the images that lie directly in ``folder/inner``, sorted, relative to ``folder``.

    Raises:
        DataError: The folder is missing, cannot be read, or holds no image.
    """
    where = folder / inner
    prefix = f"{inner}/" if inner else ""
    try:
        with os.scandir(where) as entries:
            names = [e.name for e in entries if is_image(e.path) and not _leads_to_folder(e)]
    except OSError as error:
        msg = f"cannot list the folder {where}: {error.strerror}"
        raise DataError(msg) from error
    if not names:
        msg = f"the folder {where} holds no image ({', '.join(IMAGE_SUFFIXES)})"
        raise DataError(msg)
    return sorted(prefix + name for name in names)


def find_images(folder: str | Path) -> list[str]:
    """Return all images in a folder and its subfolders, sorted, as paths with forward slashes.

    Sorted by path; the slices of a DICOM series in one folder by their position in space. Hidden
    files and folders are left out; links to folders are not followed.

    Raises:
        DataError: The folder is missing, cannot be read, or holds no image.
    """
    root = expand_home(folder)
    found = find_by_path(root)
    paths = [f"{root}/{name}" for name in found]
    order = slice_order(paths, [find_place(path) for path in paths], [0] * len(found))
    return [found[i] for i in order]


def find_by_path(root: Path) -> list[str]:
    """Return the files of ``find_images`` sorted by path alone; errors as there."""
    found: list[str] = []
    waiting = [""]
    while waiting:
        inner = waiting.pop()
        try:
            with os.scandir(root / inner) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
                        waiting.append(f"{inner}{entry.name}/")
                    elif is_image(entry.path) and not _leads_to_folder(entry):
                        found.append(inner + entry.name)
        except OSError as error:
            msg = f"cannot list the folder {root / inner}: {error.strerror}"
            raise DataError(msg) from error
    if not found:
        msg = f"the folder {root} holds no image ({', '.join(IMAGE_SUFFIXES)})"
        raise DataError(msg)
    return sorted(found)


def list_folders(folder: Path) -> list[str]:
    """Return the names of the folders inside a folder, sorted, without hidden ones."""
    try:
        with os.scandir(folder) as entries:
            return sorted(
                e.name for e in entries if not e.name.startswith(".") and _leads_to_folder(e)
            )
    except OSError as error:
        msg = f"cannot list the folder {folder}: {error.strerror}"
        raise DataError(msg) from error


def _leads_to_folder(entry: os.DirEntry[str]) -> bool:
    """Tell whether an entry is a folder or a link to one."""
    try:
        return entry.is_dir()
    except OSError:
        # A link that leads back to itself: opening it as an image gives an error that names it.
        return False
