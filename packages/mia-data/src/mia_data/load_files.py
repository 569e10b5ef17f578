"""From a list of files to an ImageSet, through the cache."""

from __future__ import annotations

from dataclasses import asdict, replace
from hashlib import blake2b
from typing import TYPE_CHECKING

from mia_data import cache
from mia_data.cache_entry import Names
from mia_data.decode import batch
from mia_data.errors import DataError
from mia_data.fingerprint import fingerprint
from mia_data.imageset import ImageSet
from mia_data.shared_files import check_contents_apart, check_series_apart

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
    *,
    apart_from: FileList | None = None,
    series_apart_from: FileList | None = None,
) -> ImageSet:
    """Load the images of a listing, from the cache or from their files.

    Args:
        name: The dataset's name.
        split: ``"train"`` or ``"test"``.
        listing: The split's files.
        request: How they are decoded.
        cache_dir: The cache folder; None for the default one.
        apart_from: The files of the other split, of which none may have the same content.
        series_apart_from: The files of the other split, of which none may be of the same DICOM
            series.

    Raises:
        DataError: A file cannot be read, or is not as expected.
    """
    asked = {
        "folder": str(listing.folder.absolute()),
        "source": listing.source,
        "name": name,
        "split": split,
        "is_apart": apart_from is not None,
        "are_series_apart": series_apart_from is not None,
        **asdict(request),
    }

    def build(folder: Path) -> Names:
        if apart_from is not None:
            check_contents_apart(listing, apart_from)
        if series_apart_from is not None:
            check_series_apart(listing, series_apart_from)
        planned = batch.make_plan(listing)
        batch.decode(planned, request, folder)
        has_volumes = len(set(planned.volumes)) < len(planned.ids)
        return Names(planned.ids, planned.files, planned.volumes if has_volumes else None)

    root = cache.cache_root(cache_dir)
    state = fingerprint(listing)
    other = apart_from or series_apart_from
    if other is not None:
        # An image that is added to the other split may be one of this split.
        state = blake2b(f"{state}{_state_of_other(other)}".encode(), digest_size=16).hexdigest()
    entry = cache.get_or_build(root, asked, state, build)
    ids, files, volumes = (None if each is None else tuple(each) for each in entry.names)
    patients = None
    if files is not None and listing.patients is not None:
        paths = (f"{listing.folder}/{name}" for name in listing.files)
        by_file = dict(zip(paths, listing.patients, strict=True))
        patients = tuple(by_file[file] for file in files)
    return ImageSet(
        name, split, entry.images, entry.labels, entry.masks, ids or (), files, patients, volumes
    )


def _state_of_other(listing: FileList) -> str:
    """Return the state of the other split, whose missing files are no concern of this one."""
    try:
        return fingerprint(replace(listing, masks=None))
    except DataError:
        return ""
