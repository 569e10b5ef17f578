"""All images of a listing, decoded by several threads into arrays on disk."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.lib.format import open_memmap

from mia_data.decode.nifti import slice_numbers
from mia_data.decode.reader import Reader, Request, Source, errors_name
from mia_data.errors import DataError
from mia_data.files import is_volume, without_suffix
from mia_data.listing import ABNORMAL, Listing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

# Images a task: enough that handing out tasks costs nothing, few enough to keep all threads busy.
_CHUNK = 32
_MAX_THREADS = 16


@dataclass(frozen=True)
class Plan:
    """Every image that a listing's files hold, as columns: a volume holds many."""

    sources: list[Source]
    labels: NDArray[np.int64]
    ids: list[str]
    files: list[str]
    has_masks: bool


def plan(listing: Listing) -> Plan:
    """Find all images of a listing; only the headers of volumes are opened for it.

    Raises:
        DataError: a file is a link that leaves the dataset's folder, a volume cannot be read, or
            an image and its mask are not both volumes.
    """
    check_links(listing)
    ids = _ids(listing)
    masks = listing.masks or [None] * len(listing.files)
    columns: list[tuple[Source, int, str]] = []
    for name, label, mask, name_id in zip(listing.files, listing.labels, masks, ids, strict=True):
        image_path = listing.folder / name
        mask_path = None if mask is None else listing.folder / mask
        if mask_path is not None and is_volume(mask_path) != is_volume(image_path):
            msg = f"the mask {mask_path} of {image_path}: expected both or none to be a volume"
            raise DataError(msg)
        if is_volume(image_path):
            with errors_name(image_path):
                numbers = slice_numbers(image_path)
            for number in numbers:
                source = Source(image_path, mask_path, number)
                columns.append((source, label, f"{name_id}#{number:03d}"))
        else:
            columns.append((Source(image_path, mask_path, None), label, name_id))
    return Plan(
        sources=[source for source, _, _ in columns],
        labels=np.array([label for _, label, _ in columns], dtype=np.int64),
        ids=[image_id for _, _, image_id in columns],
        files=[str(source.image) for source, _, _ in columns],
        has_masks=listing.masks is not None,
    )


def decode(planned: Plan, request: Request, folder: Path) -> None:
    """Decode all images into ``images.npy``, ``masks.npy`` and ``labels.npy`` of a folder.

    A slice of an abnormal volume that has a mask is abnormal only where the mask touches it.

    Raises:
        DataError: a file cannot be read; the first one in order is named.
    """
    size, count = request.size, len(planned.sources)
    shape = (count, request.channels, size, size)
    images = create_array(folder / "images.npy", shape)
    masks = create_array(folder / "masks.npy", (count, size, size)) if planned.has_masks else None

    def work(start: int) -> None:
        reader = Reader(request)
        for i in range(start, min(start + _CHUNK, count)):
            image, mask = reader.read(planned.sources[i])
            images[i] = image
            if masks is not None and mask is not None:
                masks[i] = mask

    with ThreadPoolExecutor(min(os.cpu_count() or 1, _MAX_THREADS)) as pool:
        tasks = [pool.submit(work, start) for start in range(0, count, _CHUNK)]
        try:
            for task in tasks:
                task.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    labels = planned.labels if masks is None else _slice_labels(planned, masks)
    np.save(folder / "labels.npy", labels, allow_pickle=False)


def create_array(path: Path, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Create a memory-mapped uint8 ``.npy`` file of zeros.

    Raises:
        OSError: the disk is too full; without the reservation, writing to the map would kill the
            process with a bus error.
    """
    array = open_memmap(path, "w+", np.uint8, shape)
    if hasattr(os, "posix_fallocate"):
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    return array


def _slice_labels(planned: Plan, masks: NDArray[np.uint8]) -> NDArray[np.int64]:
    labels = planned.labels.copy()
    for i, source in enumerate(planned.sources):
        if source.number is not None and source.mask is not None and labels[i] == ABNORMAL:
            labels[i] = int(masks[i].any())
    return labels


def check_links(listing: Listing) -> None:
    """Refuse symbolic links that leave the folder; the folder itself may be one."""
    root = Path(os.path.realpath(listing.folder))
    names: Sequence[str] = listing.files + [mask for mask in listing.masks or () if mask]
    real_folders: dict[str, str] = {}
    for name in names:
        path = f"{listing.folder}/{name}"
        head, _, tail = path.rpartition("/")
        if head not in real_folders:
            real_folders[head] = os.path.realpath(head)
        real = os.path.realpath(path) if Path(path).is_symlink() else f"{real_folders[head]}/{tail}"
        if root not in Path(real).parents:
            msg = f"{path} is a link to {real}, expected a file inside {root}"
            raise DataError(msg)


def _ids(listing: Listing) -> list[str]:
    """Name each image by its path without suffix; with it where two differ in nothing else."""
    prefix = f"{listing.id_folder}/" if listing.id_folder else ""
    names = [name.removeprefix(prefix) for name in listing.files]
    short = [without_suffix(name) for name in names]
    seen: dict[str, int] = {}
    for name in short:
        seen[name] = seen.get(name, 0) + 1
    return [s if seen[s] == 1 else name for s, name in zip(short, names, strict=True)]
