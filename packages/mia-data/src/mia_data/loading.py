"""From a listing of files to an ImageSet, through the cache."""

from __future__ import annotations

import math
from contextlib import suppress
from numbers import Integral
from typing import TYPE_CHECKING

from mia_data import cache
from mia_data.decode import batch
from mia_data.decode.geometry import RESIZES
from mia_data.decode.reader import Request
from mia_data.errors import DataError, unknown_name
from mia_data.files import fingerprint
from mia_data.imageset import ImageSet

if TYPE_CHECKING:
    from pathlib import Path

    from mia_data.decode.intensity import Window
    from mia_data.listing import Listing

SPLITS = ("train", "test")
MAX_SIZE = 4096


def check_split(split: str) -> str:
    """Return a split's name once it is known to be one."""
    if split not in SPLITS:
        raise unknown_name("split", split, SPLITS)
    return split


def check_size(size: int) -> int:
    """Return an image size once it is known to be one."""
    if not (_is_whole(size) and 1 <= size <= MAX_SIZE):
        msg = f"expected size to be a whole number from 1 to {MAX_SIZE}, got {size!r}"
        raise DataError(msg)
    return int(size)


def check_count(name: str, count: int, *, least: int = 1) -> int:
    """Return a whole number once it is known to be one, and large enough."""
    if not (_is_whole(count) and count >= least):
        msg = f"expected {name} to be a whole number, {least} or above, got {count!r}"
        raise DataError(msg)
    return int(count)


def _is_whole(value: object) -> bool:
    """Tell whether a value is a whole number of Python or NumPy."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def make_request(
    size: int, channels: int, resize: str = "squash", window: Window | None = None
) -> Request:
    """Check the arguments that all loaders share.

    Raises:
        DataError: one of them is out of its range.
    """
    size = check_size(size)
    if not (_is_whole(channels) and channels in (1, 3)):
        msg = f"expected channels to be 1 (gray) or 3 (RGB), got {channels!r}"
        raise DataError(msg)
    if resize not in RESIZES:
        raise unknown_name("resize", resize, RESIZES)
    window = None if window is None else _check_window(window)
    return Request(size, int(channels), resize, window)


def _check_window(window: Window) -> Window:
    with suppress(TypeError, ValueError):
        low, high = (float(value) for value in window)
        if -math.inf < low < high < math.inf:
            return low, high
    msg = f"expected window to be (low, high), finite numbers with low < high, got {window!r}"
    raise DataError(msg)


def load_listing(
    name: str,
    split: str,
    listing: Listing,
    request: Request,
    cache_dir: str | Path | None,
) -> ImageSet:
    """Return the images of a listing, from the cache or decoded now."""
    asked = {
        "folder": str(listing.folder.absolute()),
        "source": listing.source,
        "name": name,
        "split": split,
        "size": request.size,
        "channels": request.channels,
        "resize": request.resize,
        "window": request.window,
    }

    def build(folder: Path) -> tuple[list[str], list[str]]:
        planned = batch.make_plan(listing)
        batch.decode(planned, request, folder)
        return planned.ids, planned.files

    root = cache.cache_root(cache_dir)
    entry = cache.get_or_build(root, asked, fingerprint(listing), build)
    files = None if entry.files is None else tuple(entry.files)
    return ImageSet(name, split, entry.images, entry.labels, entry.masks, tuple(entry.ids), files)
