"""From a list of files to an ImageSet, through the cache."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from mia_data import cache
from mia_data.decode import batch
from mia_data.fingerprint import fingerprint
from mia_data.imageset import ImageSet

if TYPE_CHECKING:
    from pathlib import Path

    from mia_data.decode.request import Request
    from mia_data.file_list import FileList


def load_files(
    name: str,
    split: str,
    listing: FileList,
    request: Request,
    cache_dir: str | Path | None,
) -> ImageSet:
    """Return the images of a listing, from the cache or decoded now."""
    asked = {
        "folder": str(listing.folder.absolute()),
        "source": listing.source,
        "name": name,
        "split": split,
        **asdict(request),
    }

    def build(folder: Path) -> tuple[list[str], list[str]]:
        planned = batch.make_plan(listing)
        batch.decode(planned, request, folder)
        return planned.ids, planned.files

    root = cache.cache_root(cache_dir)
    entry = cache.get_or_build(root, asked, fingerprint(listing), build)
    files = None if entry.files is None else tuple(entry.files)
    return ImageSet(name, split, entry.images, entry.labels, entry.masks, tuple(entry.ids), files)
