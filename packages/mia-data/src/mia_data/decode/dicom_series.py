"""Slices of a DICOM series in one folder: their order in space and their common gray scale."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mia_data.decode.dicom import shown_values
from mia_data.decode.dicom_file import DicomFile, open_dicom, read_header
from mia_data.decode.dicom_frame import frame_elements
from mia_data.decode.intensity import Window, percentile_window
from mia_data.file_types import is_dicom

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

# Directions are rounded when they are stored.
_DECIMALS = 2
_KEPT = 4


@dataclass(frozen=True)
class Place:
    """The place of a slice in its volume.

    Attributes:
        series: The SeriesInstanceUID.
        volume: What the slices of a volume have in common: the series, direction and size.
        position: Millimeters along the direction that the slices are stacked in.
        number: The InstanceNumber, for slices in the same place.
    """

    series: str
    volume: tuple[Any, ...]
    position: float
    number: int


def find_place(path: str) -> Place | None:
    """Return the place of a file's slice in its volume, from its header.

    None for what is no slice of a volume: another format, several frames, no series or no
    position, such as a radiograph; or what cannot be read, of which the decoder says more.
    """
    if not is_dicom(path):
        return None
    with suppress(Exception):  # Damaged files raise whatever pydicom stumbles over.
        return place_of(read_header(path), path)
    return None


def place_of(dataset: Any, path: str) -> Place | None:
    """Return the place of an open file's slice; None as in ``find_place``."""
    series = str(dataset.get("SeriesInstanceUID") or "")
    if not series or int(dataset.get("NumberOfFrames") or 1) != 1:
        return None
    elements = frame_elements(dataset, 0, path)
    position = numbers_of(elements.get("ImagePositionPatient"), 3)
    axes = numbers_of(elements.get("ImageOrientationPatient"), 6)
    if position is None or axes is None:
        return None
    normal = np.cross(axes[:3], axes[3:])
    common = (
        series,
        *(np.round(axes, _DECIMALS) + 0).tolist(),
        _whole(dataset.get("Rows")),
        _whole(dataset.get("Columns")),
    )
    return Place(series, common, float(normal @ position), _whole(dataset.get("InstanceNumber")))


def slice_order(
    paths: Sequence[str], places: Sequence[Place | None], classes: Sequence[object]
) -> list[int]:
    """Return the order of files in which the slices of each volume stand side by side, as in space.

    A volume stands where its first file stood; all other files stay where they are.

    Args:
        paths: The files.
        places: Their places, as ``find_place`` gives them.
        classes: Files of different classes are of different volumes.
    """
    first: dict[tuple[Any, ...], int] = {}
    keys: list[tuple[int, float, int, int]] = []
    for i, (path, kind, place) in enumerate(zip(paths, classes, places, strict=True)):
        if place is None:
            keys.append((i, 0.0, 0, i))
            continue
        start = first.setdefault((os.path.dirname(path), kind, place.volume), i)  # noqa: PTH120
        keys.append((start, place.position, place.number, i))
    return sorted(range(len(paths)), key=keys.__getitem__)


class VolumeWindows:
    """Windows by the percentiles of whole volumes: a file's frames, or a folder's slices.

    Threads share one, so that each volume is measured once.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._windows: OrderedDict[tuple[Any, ...], Window | None] = OrderedDict()
        self._folders: OrderedDict[str, dict[tuple[Any, ...], list[str]]] = OrderedDict()

    def window(self, file: DicomFile) -> Window | None:
        """Return the window of the volume that a file belongs to; None for a single image."""
        place = None if file.frames > 1 else place_of(file.dataset, file.path)
        if place is None and file.frames == 1:
            return None
        folder = os.path.dirname(file.path)  # noqa: PTH120
        key = (file.path,) if place is None else (folder, *place.volume)
        with self._lock:
            if key not in self._windows:
                slices = [] if place is None else self._slices(folder).get(place.volume, [])
                self._windows[key] = percentile_window(_all_values(slices or [file.path]))
                _drop_oldest(self._windows)
            return self._windows[key]

    def _slices(self, folder: str) -> dict[tuple[Any, ...], list[str]]:
        """Return the files of each volume in a folder."""
        if folder not in self._folders:
            volumes: dict[tuple[Any, ...], list[str]] = {}
            with os.scandir(folder or ".") as entries:
                names = sorted(e.name for e in entries if not e.name.startswith("."))
            for name in names:
                path = f"{folder}/{name}" if folder else name
                place = find_place(path)
                if place is not None:
                    volumes.setdefault(place.volume, []).append(path)
            self._folders[folder] = volumes
            _drop_oldest(self._folders)
        return self._folders[folder]


def _all_values(paths: Iterable[str]) -> Iterable[NDArray[np.float64]]:
    """Yield the values of all frames; slices that cannot be read are for the decoder to refuse."""
    for path in paths:
        with suppress(Exception):
            file = open_dicom(path)
            for number in range(file.frames):
                values = shown_values(file, number)
                if values is not None:
                    yield values


def _drop_oldest(kept: OrderedDict[Any, Any]) -> None:
    while len(kept) > _KEPT:
        kept.popitem(last=False)


def numbers_of(value: Any, count: int) -> NDArray[np.float64] | None:
    """Return the numbers of an element; None where there are not so many finite ones."""
    if value is None or value == "" or len(value) != count:
        return None
    numbers = np.array([float(part) for part in value])
    return numbers if np.isfinite(numbers).all() else None


def _whole(value: Any) -> int:
    """Return a whole number; 0 for none, or for what is not one."""
    try:
        return int(value or 0)
    except (TypeError, ValueError):
        return 0
