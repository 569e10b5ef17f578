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
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mia_data.cache_entry import open_entry, read_index, seal, sync_folder
from mia_data.errors import DataError, reason
from mia_data.files import expand_home, home

if TYPE_CHECKING:
    from collections.abc import Callable

    from mia_data.cache_entry import Entry, Names

# Raise it whenever the same files and arguments would give other bytes.
FORMAT = 8
# A build takes minutes; what is older belongs to nobody.
_LEFTOVER_SECONDS = 24 * 3600
# Whatever has another name than these was put into the cache folder by somebody else.
_ENTRY = re.compile(r"[0-9a-f]{20}-\w+")
_TEMPORARY = re.compile(r"\.[0-9a-f]{20}-[0-9a-f]{32}")


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
    build: Callable[[Path], Names],
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
            returns what the images are called.

    Raises:
        DataError: The cache folder cannot be written.
    """
    text = json.dumps([FORMAT, request], sort_keys=True)
    key = blake2b(text.encode(), digest_size=10).hexdigest()
    final = root / f"{key}-{state}"
    entry = open_entry(final, request, state)
    if entry is not None:
        return entry
    temporary = _temporary_folder(root, key)
    try:
        seal(temporary, request, state, build(temporary))
        entry = _publish(temporary, final, request, state)
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
        with suppress(OSError):
            index = read_index(path)
            if index is not None:
                size = sum(file.stat().st_size for file in path.iterdir())
                found.append((path, index["request"], size))
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


def _publish(temporary: Path, final: Path, request: dict[str, Any], state: str) -> Entry:
    try:
        temporary.rename(final)
    except OSError:
        # Another process was first, or a damaged entry is in the way.
        entry = open_entry(final, request, state)
        if entry is not None:
            return entry
        _remove(final)
        temporary.rename(final)
    sync_folder(final.parent)
    entry = open_entry(final, request, state)
    if entry is None:
        _remove(final)
        msg = f"the cache entry {final} cannot be read back"
        raise DataError(msg)
    return entry


def _remove(path: Path) -> None:
    """Remove what is in the place of an entry: a folder, or whatever it is."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


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
