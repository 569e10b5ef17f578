"""Lists of a split's files, before any of them is opened."""

from __future__ import annotations

import os
import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mia_data.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# What is in "\n<name>\n" for a name that leaves its folder or that means different files on
# different systems. Plain searches, because a regular expression takes a millisecond for a list.
_UNSAFE = ("\\", "\0", "\n/", "\n../", "/../", "/..\n", "\n..\n", "\n\n")
# What is in it for a name that has another, shorter spelling.
_ROUNDABOUT = ("\n./", "/./", "//")
_DRIVE = re.compile(r"^[A-Za-z]:", re.MULTILINE)

NORMAL, ABNORMAL, UNKNOWN = 0, 1, -1


@dataclass(frozen=True)
class FileList:
    """The files of one split, as columns.

    Columns rather than one object a file, because a warm load does nothing but make a listing and
    look at the times of its files.

    Attributes:
        folder: Every path below is relative to it, with forward slashes.
        source: What the paths were taken from, for messages.
        files: N image files.
        labels: N labels: 0 normal, 1 abnormal, -1 unknown.
        masks: N mask files, None for an image that has no abnormal pixel; or None as a whole where
            the split has no masks. A normal image's mask is empty.
        id_folder: Ids are relative to this folder inside ``folder``.
        patients: N patients; None where they are not known.
    """

    folder: Path
    source: str
    files: list[str]
    labels: list[int]
    masks: list[str | None] | None = None
    id_folder: str = ""
    patients: list[str] | None = None

    @property
    def names(self) -> list[str]:
        """Return all files: the images, then the masks."""
        return self.files + [mask for mask in self.masks or () if mask is not None]


def by_class(
    folder: Path,
    source: str,
    normal: Sequence[str],
    abnormal: Sequence[str] = (),
    *,
    abnormal_masks: dict[str, str] | None = None,
    id_folder: str = "",
) -> FileList:
    """Return the listing of a split: normal files first, each class sorted by path.

    Raises:
        DataError: A file is named twice.
    """
    files = sorted(normal) + sorted(abnormal)
    if len(set(files)) != len(files):
        twice = next(name for name in files if files.count(name) > 1)
        msg = f"{source} names {twice!r} twice; expected each image once"
        raise DataError(msg)
    labels = [NORMAL] * len(normal) + [ABNORMAL] * len(abnormal)
    masks = None if abnormal_masks is None else [abnormal_masks.get(name) for name in files]
    return FileList(folder, source, files, labels, masks, id_folder)


def check_names(names: Sequence[object], source: str) -> list[str]:
    """Return the names of a list file if all of them stay inside their folder.

    One file has one name: ``./a.png`` becomes ``a.png``.

    Raises:
        DataError: A name is not text, is absolute, or has ``..``, a backslash, a drive, a line
            break, or what no file name can hold in it.
    """
    # All names at once, here and below: lists are long and a warm load is a few milliseconds.
    checked = [name for name in names if isinstance(name, str)]
    if len(checked) != len(names):
        bad = next(name for name in names if not isinstance(name, str))
        msg = f"{source} has {bad!r} where a file name was expected"
        raise DataError(msg)
    if not _is_safe(checked):
        bad = next(name for name in checked if not _is_safe([name]))
        what = "a path with forward slashes" if "\\" in bad else "a path"
        msg = f"{source} names {bad!r}; expected {what} inside the dataset's folder"
        raise DataError(msg)
    text = _lines(checked)
    if any(part in text for part in _ROUNDABOUT):
        return [posixpath.normpath(name) for name in checked]
    return checked


def _lines(names: Sequence[str]) -> str:
    return "\n{}\n".format("\n".join(names)) if names else ""


def _is_safe(names: Sequence[str]) -> bool:
    text = _lines(names)
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        return False
    if text.count("\n") != (len(names) + 1 if names else 0):
        return False
    has_drive = ":" in text and _DRIVE.search(text)
    return not has_drive and not any(part in text for part in _UNSAFE)
