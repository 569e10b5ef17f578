"""Fingerprints of a split's files, by which the cache notices a change."""

from __future__ import annotations

import json
import os
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from mia_data.errors import DataError
from mia_data.files import exists

if TYPE_CHECKING:
    from mia_data.file_list import FileList

_LOOKED_AT = 1000  # absent files that are looked for one by one


def fingerprint(listing: FileList) -> str:
    """Return a hash of a listing: its names, labels and masks, and the state of its files.

    Raises:
        DataError: A listed file does not exist.
    """
    names = listing.names
    folder = str(listing.folder)
    paths = [f"{folder}/{name}" for name in names]
    # No threads: a stat of a local file is shorter than handing over Python's lock.
    try:
        stats = [x for s in map(os.stat, paths) for x in _state(s)]
    except OSError as error:
        raise _missing(listing, names) from error
    columns = json.dumps([listing.files, listing.labels, listing.masks])
    digest = blake2b(columns.encode(), digest_size=16)
    digest.update(np.array(stats, dtype=np.int64).tobytes())
    return digest.hexdigest()


def _unlisted(folder: str, names: list[str]) -> set[str]:
    """Return the names that their folders do not list; a folder is listed once."""
    listed: dict[str, set[str]] = {}
    unlisted = set()
    for name in names:
        parent, _, own = name.rpartition("/")
        if parent not in listed:
            try:
                listed[parent] = set(os.listdir(f"{folder}/{parent}"))  # noqa: PTH208
            except OSError:
                listed[parent] = set()
        if own not in listed[parent]:
            unlisted.add(name)
    return unlisted


def _state(status: os.stat_result) -> tuple[int, int, int, int]:
    """Return what changes with a file's content.

    A file that is put in the place of another can have its size and an older time of modification,
    but not its inode, nor its time of change, which nobody can set.
    """
    return status.st_size, status.st_mtime_ns, status.st_ino, status.st_ctime_ns


def _missing(listing: FileList, names: list[str]) -> DataError:
    unlisted = _unlisted(str(listing.folder), names)
    links = [name for name in names if name not in unlisted and not exists(listing.folder / name)]
    if len(unlisted) <= _LOOKED_AT:  # another case of letters may be the same file
        unlisted = {name for name in unlisted if not exists(listing.folder / name)}
    missing = links + [name for name in names if name in unlisted]
    if not missing:
        return DataError(f"cannot read the files of {listing.folder}")
    if links:
        return DataError(
            f"{listing.folder} has links that lead to no file: {len(links)} of {len(names)} files, "
            f"the first is {links[0]!r}"
        )
    return DataError(
        f"{listing.source} names {len(missing)} of {len(names)} files that do not exist in "
        f"{listing.folder}, the first is {missing[0]!r}"
    )
