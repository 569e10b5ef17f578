"""The cache of decoded splits on disk.

The second load of a split only opens the files of its entry, a folder ``<request>-<state>``: the
first part is a hash of what was asked for, the second one of the state of the source files. It is
put in place by one rename when it is complete.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mia_data.errors import DataError, reason
from mia_data.files import expand_home, home

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

# Raise it whenever the same files and arguments would give other bytes.
FORMAT = 6
_INDEX = "index.json"
# A build takes minutes; what is older belongs to nobody.
_LEFTOVER_SECONDS = 24 * 3600
# Whatever has another name than these was put into the cache folder by somebody else.
_ENTRY = re.compile(r"[0-9a-f]{20}-\w+")
_TEMPORARY = re.compile(r"\.[0-9a-f]{20}-[0-9a-f]{32}")


@dataclass(frozen=True)
class Entry:
    """Content of a cache entry; ``images`` and ``masks`` are memory-mapped and read-only."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    masks: NDArray[np.uint8] | None
    ids: list[str]
    files: list[str] | None


def cache_root(cache_dir: str | Path | None = None) -> Path:
    """Return the cache folder: the argument, or ``MIA_CACHE_DIR``, or the user's cache."""
    if cache_dir is not None:
        return expand_home(cache_dir)
    if os.environ.get("MIA_CACHE_DIR"):
        return expand_home(os.environ["MIA_CACHE_DIR"])
    return _user_cache() / "mia-data"


def _user_cache() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home("MIA_CACHE_DIR") / "AppData" / "Local")
    if sys.platform == "darwin":
        return home("MIA_CACHE_DIR") / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or home("MIA_CACHE_DIR") / ".cache")


def get_or_build(
    root: Path,
    request: dict[str, Any],
    state: str,
    build: Callable[[Path], tuple[list[str], list[str] | None]],
) -> Entry:
    """Return the cache entry of a request; build it if it does not exist.

    Safe with several processes at once: each builds in a folder of its own, the first to finish
    puts its entry in place, the others take that one. Entries of the same request whose sources
    have changed since are dropped.

    Args:
        root: The cache folder.
        request: What was asked for, as JSON values.
        state: What the sources look like now.
        build: Fills a folder with ``images.npy``, ``labels.npy`` and, if any, ``masks.npy``, and
            returns the ids and the files of the images.

    Raises:
        DataError: The cache folder cannot be written.
    """
    text = json.dumps([FORMAT, request], sort_keys=True)
    key = blake2b(text.encode(), digest_size=10).hexdigest()
    final = root / f"{key}-{state}"
    entry = _open(final)
    if entry is not None:
        return entry
    temporary = _temporary_folder(root, key)
    try:
        ids, files = build(temporary)
        index = {"request": request, "ids": ids, "files": files}
        (temporary / _INDEX).write_text(json.dumps(index), encoding="utf-8")
        entry = _publish(temporary, final)
    except OSError as error:
        msg = f"cannot write to the cache folder {root}: {error.strerror or reason(error)}"
        raise DataError(msg) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    _drop_stale(root, key, keep=final.name)
    _drop_leftovers(root)
    return entry


def entries(root: Path) -> list[tuple[Path, dict[str, Any], int]]:
    """Return the intact entries of a cache folder: path, request and bytes of each."""
    found = []
    for path in _folders(root, _ENTRY):
        # Another process may remove an entry while it is looked at.
        with suppress(OSError, ValueError, KeyError, TypeError):
            request = json.loads((path / _INDEX).read_bytes())["request"]
            found.append((path, request, sum(file.stat().st_size for file in path.iterdir())))
    return found


def clear(root: Path) -> int:
    """Remove all entries of a cache folder, and nothing else; return their number.

    Raises:
        DataError: An entry cannot be removed.
    """
    found = _folders(root, _ENTRY)
    for path in found:
        shutil.rmtree(path, ignore_errors=True)
        if path.exists():
            msg = f"cannot remove {path}: expected a cache folder that can be written"
            raise DataError(msg)
    _drop_leftovers(root)
    return len(found)


def _folders(root: Path, name: re.Pattern[str]) -> list[Path]:
    return sorted(path for path in root.glob("*-*") if name.fullmatch(path.name) and path.is_dir())


def _temporary_folder(root: Path, key: str) -> Path:
    try:
        root.mkdir(parents=True, exist_ok=True)
        # Not tempfile, whose folders are private: others may share the cache.
        folder = root / f".{key}-{uuid.uuid4().hex}"
        folder.mkdir()
    except OSError as error:
        msg = (
            f"cannot write to the cache folder {root}: {error.strerror}; "
            "expected a writable folder in cache_dir or MIA_CACHE_DIR"
        )
        raise DataError(msg) from error
    return folder


def _open(folder: Path) -> Entry | None:
    """Open an entry; return None if it does not exist or is damaged."""
    try:
        index = json.loads((folder / _INDEX).read_bytes())
        images = np.load(folder / "images.npy", mmap_mode="r", allow_pickle=False)
        labels = np.load(folder / "labels.npy", allow_pickle=False)
        masks = None
        if (folder / "masks.npy").exists():
            masks = np.load(folder / "masks.npy", mmap_mode="r", allow_pickle=False)
        entry = Entry(images, labels, masks, index["ids"], index["files"])
    except (OSError, EOFError, ValueError, KeyError, TypeError):
        return None
    return entry if len(images) == len(labels) == len(entry.ids) else None


def _publish(temporary: Path, final: Path) -> Entry:
    try:
        temporary.rename(final)
    except OSError:
        # Another process was first, or a damaged entry is in the way.
        entry = _open(final)
        if entry is not None:
            return entry
        shutil.rmtree(final, ignore_errors=True)
        temporary.rename(final)
    entry = _open(final)
    if entry is None:
        msg = f"the cache entry {final} cannot be read back"
        raise DataError(msg)
    return entry


def _drop_stale(root: Path, key: str, keep: str) -> None:
    for old in root.glob(f"{key}-*"):
        if old.name != keep:
            shutil.rmtree(old, ignore_errors=True)


def _drop_leftovers(root: Path) -> None:
    """Remove unfinished entries of processes that were killed."""
    for folder in _folders(root, _TEMPORARY):
        with suppress(OSError):  # Its owner may just have finished.
            if time.time() - folder.stat().st_mtime > _LEFTOVER_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)
