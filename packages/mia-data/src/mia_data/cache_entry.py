"""Entries of the cache: arrays with checksums, and an index that proves itself.

An entry is a folder with ``images.npy``, ``labels.npy`` and, if any, ``masks.npy``, and a file
``index``: a hash in its first line, and behind it what the hash is of, JSON with the request, the
ids, files and volumes of the images, and the size and CRC-32 of each array's file.
"""

from __future__ import annotations

import json
import os
import zlib
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mia_data.errors import DataError
from mia_data.files import exists, open_file, read_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

INDEX = "index"
_IMAGES, _LABELS, _MASKS = "images.npy", "labels.npy", "masks.npy"
_MAX_INDEX_BYTES = 1 << 30
_PIECE = 1 << 22
# Array files whose content was right when this process looked: device, inode, size and times.
_verified: set[tuple[int, ...]] = set()


class Names(NamedTuple):
    """Names of the N images of an entry, and where they are from.

    Attributes:
        ids: Their ids.
        files: Their files; None where they are from none.
        volumes: Their volumes; None where they are of none.
    """

    ids: list[str]
    files: list[str] | None = None
    volumes: list[str] | None = None


@dataclass(frozen=True)
class Entry:
    """Content of a cache entry; ``images`` and ``masks`` are memory-mapped and read-only."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    masks: NDArray[np.uint8] | None
    names: Names

    @property
    def is_consistent(self) -> bool:
        """Tell whether all parts are of one set of images."""
        ids, files, volumes = self.names
        count = len(ids)
        kinds: list[tuple[Any, type, tuple[int, ...]]] = [
            (self.images, np.uint8, (count, *self.images.shape[1:4])),
            (self.labels, np.int64, (count,)),
        ]
        if self.masks is not None:
            kinds.append((self.masks, np.uint8, (count, *self.images.shape[2:4])))
        arrays_fit = all(a.dtype == kind and a.shape == shape for a, kind, shape in kinds)
        texts = [*ids, *(files or ()), *(volumes or ())]
        columns_fit = all(column is None or len(column) == count for column in (files, volumes))
        return arrays_fit and columns_fit and all(isinstance(text, str) for text in texts)


def seal(
    folder: Path,
    request: dict[str, Any],
    state: str,
    names: Names,
) -> None:
    """Write the index of a folder whose arrays are complete, and bring all of it to the disk.

    Args:
        folder: The entry's folder.
        request: What was asked for, as JSON values.
        state: What the sources look like.
        names: What the images are called.

    Raises:
        OSError: The disk is full, or fails.
    """
    arrays = {
        name: _seal_array(folder / name)
        for name in (_IMAGES, _LABELS, _MASKS)
        if exists(folder / name)
    }
    content = {"request": request, "state": state, **names._asdict(), "arrays": arrays}
    text = json.dumps(content).encode()
    with (folder / INDEX).open("wb") as file:
        file.write(_digest(text) + b"\n" + text)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(folder)


def open_entry(folder: Path, request: dict[str, Any], state: str) -> Entry | None:
    """Open an entry; return None if it does not exist, is damaged, or is of another request.

    The checksums of its arrays are compared when they are first opened in a process, and again
    after their files have changed.
    """
    with suppress(DataError, OSError, EOFError, ValueError, KeyError, TypeError, RecursionError):
        index = read_index(folder)
        if index is None or (index["request"], index["state"]) != (_as_json(request), state):
            return None
        arrays = index["arrays"]
        if not all(_is_whole(folder / name, seal) for name, seal in arrays.items()):
            return None
        mapped = {
            name: np.load(folder / name, mmap_mode="r", allow_pickle=False)
            for name in (_IMAGES, _MASKS)
            if name in arrays
        }
        labels = np.load(folder / _LABELS, allow_pickle=False)
        names = Names(*(index[column] for column in Names._fields))
        entry = Entry(mapped[_IMAGES], labels, mapped.get(_MASKS), names)
        if entry.is_consistent:
            return entry
    return None


def read_index(folder: Path) -> dict[str, Any] | None:
    """Return what the index of an entry holds; None where there is none or it is damaged."""
    with suppress(DataError, ValueError, RecursionError):
        digest, _, text = read_bytes(folder / INDEX, limit=_MAX_INDEX_BYTES).partition(b"\n")
        content = json.loads(text) if digest == _digest(text) else None
        if isinstance(content, dict) and isinstance(content.get("request"), dict):
            return content
    return None


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk, on systems that can.

    Raises:
        OSError: The disk fails.
    """
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _seal_array(path: Path) -> dict[str, int]:
    """Bring an array's file to the disk and return its size and checksum."""
    with path.open("r+b") as file:
        os.fsync(file.fileno())
        status = os.fstat(file.fileno())
        checksum = _crc32(file)
    _verified.add(_mark(status))
    return {"bytes": status.st_size, "crc32": checksum}


def _is_whole(path: Path, seal: dict[str, int]) -> bool:
    """Tell whether an array's file has its size and checksum.

    Raises:
        DataError: It is not there, or no regular file.
    """
    with open_file(path) as file:
        status = os.fstat(file.fileno())
        if status.st_size != seal["bytes"]:
            return False
        if _mark(status) in _verified:
            return True
        if _crc32(file) != seal["crc32"]:
            return False
    _verified.add(_mark(status))
    return True


def _mark(status: os.stat_result) -> tuple[int, ...]:
    return (
        status.st_dev,
        status.st_ino,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
    )


def _crc32(file: Any) -> int:
    # 30 ms for 100 MB: a quarter of the time of blake2b, and damage is not an attack.
    checksum = 0
    while piece := file.read(_PIECE):
        checksum = zlib.crc32(piece, checksum)
    return checksum


def _digest(text: bytes) -> bytes:
    return blake2b(text, digest_size=16).hexdigest().encode()


def _as_json(request: dict[str, Any]) -> Any:
    """Return a request as it comes back from JSON, which has no tuples."""
    return json.loads(json.dumps(request))
