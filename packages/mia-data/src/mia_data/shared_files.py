"""Files that are in the training and in the test split of one dataset."""

from __future__ import annotations

import os
from contextlib import suppress
from hashlib import blake2b
from typing import TYPE_CHECKING

from mia_data.decode.dicom_series import find_place
from mia_data.errors import DataError
from mia_data.files import read_image_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mia_data.file_list import FileList


def check_names_apart(source: str, train: Iterable[str], test: Iterable[str]) -> None:
    """Refuse splits that name the same file.

    Raises:
        DataError: They do; the message has the first such name.
    """
    both = sorted(set(train) & set(test))
    if both:
        count = f"{len(both)} file{'s' if len(both) > 1 else ''}"
        raise _shared(f"{source} names {count} for training and for testing", repr(both[0]))


def check_contents_apart(listing: FileList, other: FileList) -> None:
    """Refuse images of a split that have the same bytes as an image of the other split.

    Only files of equal size are read; those that cannot be read are left to the decoder.

    Raises:
        DataError: There are such images; the message has the first pair.
    """
    others = _by_size(other)
    same: list[tuple[str, str]] = []
    for size, paths in _by_size(listing).items():
        known = {_digest(path): path for path in others.get(size, ())}
        known.pop(None, None)
        if known:
            digests = ((path, _digest(path)) for path in paths)
            same += [(path, known[digest]) for path, digest in digests if digest in known]
    if same:
        count = f"{len(same)} image{'s' if len(same) > 1 else ''}"
        what = f"{listing.source} has {count} with the content of one of the other split"
        raise _shared(what, " and ".join(min(same)))


def check_series_apart(listing: FileList, other: FileList) -> None:
    """Refuse splits with slices of the same DICOM series.

    Raises:
        DataError: They have; the message has a file of each.
    """
    series = _by_series(listing)
    both = sorted(set(series) & set(others := _by_series(other)))
    if both:
        first = f"{series[both[0]]} and {others[both[0]]}"
        msg = (
            f"{listing.source} has slices of one DICOM series in both splits, such as {first}; "
            "expected each series in one split (allow_shared_patients reads them as they are)"
        )
        raise DataError(msg)


def _by_series(listing: FileList) -> dict[str, str]:
    """Return the first file of each series; files that are no slices belong to none."""
    found: dict[str, str] = {}
    for name in listing.files:
        place = find_place(f"{listing.folder}/{name}")
        if place is not None:
            found.setdefault(place.series, name)
    return found


def _by_size(listing: FileList) -> dict[int, list[str]]:
    groups: dict[int, list[str]] = {}
    for name in listing.files:
        path = f"{listing.folder}/{name}"
        with suppress(OSError):
            groups.setdefault(os.stat(path).st_size, []).append(path)  # noqa: PTH116
    return groups


def _digest(path: str) -> bytes | None:
    try:
        return blake2b(read_image_bytes(path), digest_size=16).digest()
    except DataError:
        return None


def _shared(what: str, first: str) -> DataError:
    return DataError(
        f"{what}, the first is {first}; expected training and test images to differ "
        "(allow_shared_files reads them as they are)"
    )
