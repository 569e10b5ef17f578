"""Search for the volumes among the files of a folder."""

from __future__ import annotations

import os
import warnings
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from mia_data.decode.dicom_file import read_header
from mia_data.decode.dicom_series import place_of
from mia_data.file_types import is_dicom, is_volume
from mia_data.files import expand_home
from mia_data.volumes.dicom_volume import (
    DicomVolume,
    SliceGeometry,
    have_same_directions,
    slice_geometry,
)
from mia_data.volumes.nifti_volume import NiftiVolume, read_nifti_volume

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    Slice = tuple[str, float, int, SliceGeometry, Any]


def find_volumes(folder: str | Path, files: Iterable[str]) -> list[NiftiVolume | DicomVolume]:
    """Find the volumes among files, from their headers.

    These are NIfTI files, DICOM files of frames that have positions, and the slices of a DICOM
    series in one folder. Other images, and files that cannot be read, are in no volume.

    Args:
        folder: The folder.
        files: Paths inside it, such as those of ``find_images``.

    Returns:
        The volumes in the order of their first files. The ids of their images are those of
        ``decode_files``; the slices of a series are in the order of their positions.
    """
    root = expand_home(folder)
    found: list[NiftiVolume | DicomVolume | tuple[Any, ...]] = []
    series: dict[tuple[Any, ...], list[Slice]] = {}
    for name in files:
        path = str(root / name)
        # Damaged files raise and warn of anything; the decoder says more of them.
        with suppress(Exception), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if is_volume(path):
                found.append(read_nifti_volume(root, name))
            elif is_dicom(path):
                header = read_header(path)
                if int(header.get("NumberOfFrames") or 1) > 1:
                    found += _frames(root, name, header)
                    continue
                place = place_of(header, path)
                geometry = slice_geometry(header, 0, path)
                if place is None or geometry is None:
                    continue
                key = (os.path.dirname(name), *place.volume)  # noqa: PTH120
                shape = (int(header.Rows), int(header.Columns))
                row = (name, place.position, place.number, geometry, shape)
                if key not in series:
                    found.append(key)
                series.setdefault(key, []).append(row)
    names = _series_names(series)
    return [
        _series(root, names[each], each, series) if isinstance(each, tuple) else each
        for each in found
    ]


def _frames(root: Path, name: str, header: Any) -> list[DicomVolume]:
    """Return the volume of a file of frames; none where they are no stack of slices."""
    count = int(header.NumberOfFrames)
    found = [slice_geometry(header, number, name) for number in range(count)]
    slices = [each for each in found if each is not None]
    if len(slices) < count or not have_same_directions(slices):
        return []
    shape = (int(header.Rows), int(header.Columns))
    uid = str(header.get("SeriesInstanceUID") or "")
    return [_volume(root, name, (name,), count, uid, shape, slices)]


def _series(
    root: Path, name: str, key: tuple[Any, ...], series: dict[tuple[Any, ...], list[Slice]]
) -> DicomVolume:
    order = {name: i for i, (name, *_) in enumerate(series[key])}
    rows = sorted(series[key], key=lambda row: (row[1], row[2], order[row[0]]))
    slices = [row[3] for row in rows]
    files = tuple(row[0] for row in rows)
    return _volume(root, name, files, None, key[1], rows[0][4], slices)


def _volume(
    root: Path,
    name: str,
    files: tuple[str, ...],
    frames: int | None,
    uid: str,
    shape: tuple[int, int],
    slices: Sequence[SliceGeometry],
) -> DicomVolume:
    same = have_same_directions(slices)
    return DicomVolume(
        id=name,
        folder=root,
        files=files,
        frames=frames,
        series_uid=uid,
        image_shape=shape,
        directions=slices[0].directions,
        positions=np.array([each.position for each in slices]),
        spacing=slices[0].spacing if same else None,
        thickness=slices[0].thickness,
    )


def _series_names(series: dict[tuple[Any, ...], list[Slice]]) -> dict[tuple[Any, ...], str]:
    """Return the folder of each series, or its first file where that is not clear."""
    folders = [key[0] for key in series]
    return {
        key: key[0] if key[0] and folders.count(key[0]) == 1 else min(row[0] for row in rows)
        for key, rows in series.items()
    }
