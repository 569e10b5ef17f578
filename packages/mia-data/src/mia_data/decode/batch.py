"""Decoding of all images of a split by several threads into arrays on disk."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mia_data.decode.dicom_series import VolumeWindows, find_place, slice_order
from mia_data.decode.reader import Mask, Reader
from mia_data.decode.sources import Source, find_sources
from mia_data.errors import DataError
from mia_data.file_list import ABNORMAL, NORMAL, FileList
from mia_data.file_types import without_suffix
from mia_data.links import check_links
from mia_data.npy_file import create_array

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mia_data.decode.request import Request

# Images per task: enough that handing out tasks costs nothing, few enough to keep all threads busy.
_CHUNK = 16
_MAX_THREADS = 16


@dataclass(frozen=True)
class Plan:
    """All images in the files of a split, as columns; a volume holds many.

    Attributes:
        sources: The file of each image.
        labels: Their labels.
        ids: Their ids.
        volumes: Their volumes: called by the file of several images, or by the first slice of a
            DICOM series; an image that is no slice has its own id.
        has_masks: Whether the split has masks.
    """

    sources: list[Source]
    labels: list[int]
    ids: list[str]
    volumes: list[str]
    has_masks: bool

    def add(self, source: Source, label: int, image_id: str, volume: str) -> None:
        """Append an image."""
        self.sources.append(source)
        self.labels.append(label)
        self.ids.append(image_id)
        self.volumes.append(volume)

    @property
    def files(self) -> list[str]:
        """Return the file of each image."""
        return [source.image for source in self.sources]


def make_plan(listing: FileList) -> Plan:
    """Find all images of a listing; of volumes and DICOM files only the headers are read.

    The slices of a DICOM series in one folder stand side by side, in the order of their positions.

    Raises:
        DataError: A file is a link that leaves the dataset's folder, a volume cannot be read, or
            an image and its mask are not both volumes.
    """
    check_links(listing.folder, listing.names)
    masks = listing.masks or [None] * len(listing.files)
    plan = Plan([], [], [], [], has_masks=listing.masks is not None)
    rows = list(zip(listing.files, listing.labels, masks, _ids(listing), strict=True))
    paths = [f"{listing.folder}/{name}" for name in listing.files]
    places = [find_place(path) for path in paths]
    series: dict[str, str] = {}
    for i in slice_order(paths, places, listing.labels):
        _, label, mask, name_id = rows[i]
        mask_path = None if mask is None else f"{listing.folder}/{mask}"
        place = places[i]
        volume = name_id if place is None else series.setdefault(place.series, name_id)
        for source in find_sources(paths[i], mask_path):
            number = source.number
            image_id = name_id if number is None else f"{name_id}#{number:03d}"
            plan.add(source, label, image_id, volume)
    return plan


def decode(planned: Plan, request: Request, folder: Path) -> None:
    """Decode all images into ``images.npy``, ``masks.npy`` and ``labels.npy`` of a folder.

    A slice of an abnormal volume that has a mask is abnormal only where the mask touches it.

    Raises:
        DataError: A file cannot be read, a normal image's mask is not empty, or an abnormal one's
            is and that is not allowed; the first file in order is named.
    """
    size, count = request.size, len(planned.sources)
    shape = (count, request.channels, size, size)
    images = create_array(folder / "images.npy", shape)
    masks = create_array(folder / "masks.npy", (count, size, size)) if planned.has_masks else None
    labels = np.array(planned.labels, dtype=np.int64)

    windows = VolumeWindows()

    def work(numbers: range) -> None:
        reader = Reader(request, windows)
        for i in numbers:
            image, mask = reader.read(planned.sources[i])
            images[i] = image
            if masks is not None and mask is not None:
                masks[i] = mask.pixels
                labels[i] = _label(planned.sources[i], planned.labels[i], mask, request)

    with ThreadPoolExecutor(min(os.cpu_count() or 1, _MAX_THREADS)) as pool:
        tasks = [pool.submit(work, numbers) for numbers in _chunks(planned.sources)]
        try:
            for task in tasks:
                task.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    np.save(folder / "labels.npy", labels, allow_pickle=False)


def _chunks(sources: list[Source]) -> Iterator[range]:
    """Split the work into tasks, with the slices of a volume together so that it is read once."""
    start = 0
    for end in range(1, len(sources) + 1):
        is_last = end == len(sources)
        if is_last or (end - start >= _CHUNK and sources[end].image != sources[end - 1].image):
            yield range(start, end)
            start = end


def _label(source: Source, label: int, mask: Mask, request: Request) -> int:
    """Return the label of an image that has a mask; a slice may be normal in an abnormal volume."""
    if label == NORMAL and mask.has_lesion:
        msg = (
            f"the mask {source.mask} marks abnormal pixels, expected an empty one: {source.image} "
            "is labeled normal"
        )
        raise DataError(msg)
    if label == ABNORMAL and mask.is_empty and not request.allow_empty_masks:
        msg = (
            f"the mask {source.mask} marks nothing, expected a marked pixel: {source.image} is "
            "labeled abnormal (allow_empty_masks reads it as it is)"
        )
        raise DataError(msg)
    if label == ABNORMAL and source.number is not None and not mask.has_lesion:
        return NORMAL
    return label


def _ids(listing: FileList) -> list[str]:
    """Return an id for each image: its path, without the suffix where that is unique."""
    prefix = f"{listing.id_folder}/" if listing.id_folder else ""
    names = [name.removeprefix(prefix) for name in listing.files]
    short = [without_suffix(name) for name in names]
    seen: dict[str, int] = {}
    for name in short:
        seen[name] = seen.get(name, 0) + 1
    return [s if seen[s] == 1 else name for s, name in zip(short, names, strict=True)]
