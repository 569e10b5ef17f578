"""Opening of NIfTI files, with the extra ``nifti`` (nibabel).

What a file holds is known by its first bytes, not by its suffix. What it takes when it is
decompressed is bounded by its header and counted while it is read.
"""

from __future__ import annotations

import gzip
import io
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from mia_data.errors import DataError, MissingExtraError
from mia_data.files import open_file
from mia_data.limits import max_bytes, max_voxels

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

_GZIP = b"\x1f\x8b"
_PIECE = 1 << 20
# The sizes of the headers of NIfTI-1 and NIfTI-2, and where they say what they are.
_SIZES = (348, 540)
_MARKS = {348: (344, b"n+1\0"), 540: (4, b"n+2\0\r\n\x1a\n")}


@dataclass(frozen=True, eq=False)
class Header:
    """The header of a volume.

    Attributes:
        nibabel: nibabel's.
        shape: The numbers of voxels along its three axes as they are stored.
        affine: (4, 4), from a voxel's indices to millimeters to the right, front and head.
    """

    nibabel: Any
    shape: tuple[int, int, int]
    affine: NDArray[np.float64]


def read_header(path: Path | str) -> Header:
    """Read the header of a volume, and nothing behind it.

    Raises:
        MissingExtraError: nibabel is not installed.
        DataError: It is not NIfTI, or holds other values than whole numbers or floats, more or
            fewer than three dimensions, or too much.
    """
    with _decompressed(path) as stream:
        return _header(path, stream)


def read_values(path: Path | str) -> tuple[Header, NDArray[np.float32]]:
    """Read a volume: its header, and its values as they are stored, scaled to their unit.

    Raises:
        MissingExtraError: As ``read_header``.
        DataError: As ``read_header``, or the data end early or go on for more than 1 GiB.
    """
    with _decompressed(path) as stream:
        header = _header(path, stream)
        size = _data_end(header.nibabel)
        stream.seek(0)
        data = stream.read(size)
        if len(data) < size:
            msg = f"{path} ends after {len(data)} bytes, expected {size}"
            raise DataError(msg)
        # To the end, where the checksum of compressed data stands.
        while piece := stream.read(_PIECE):
            size += len(piece)
            if size > max_bytes():
                raise _too_long(path)
    from nibabel import Nifti1Image, Nifti2Image

    kind = Nifti1Image if int(header.nibabel["sizeof_hdr"]) == _SIZES[0] else Nifti2Image
    values = kind.from_stream(io.BytesIO(data)).get_fdata(dtype=np.float32)
    return header, values.reshape(header.shape, order="F")


@contextmanager
def _decompressed(path: Path | str) -> Iterator[BinaryIO]:
    with open_file(path) as file:
        is_packed = file.read(len(_GZIP)) == _GZIP
        file.seek(0)
        if not is_packed:
            yield file
            return
        with gzip.GzipFile(fileobj=file) as stream:
            yield stream  # type: ignore[misc]


def _header(path: Path | str, stream: BinaryIO) -> Header:
    try:
        from nibabel import Nifti1Header, Nifti2Header
    except ImportError as error:
        msg = f"{path} is a NIfTI file, which needs nibabel: pip install 'mia-data[nifti]'"
        raise MissingExtraError(msg) from error
    data = stream.read(max(_SIZES))
    sizes = [int.from_bytes(data[:4], order) for order in ("little", "big")]
    size = next((n for n in _SIZES if n in sizes), 0)
    place, mark = _MARKS.get(size, (0, b"-"))
    if len(data) < size or data[place : place + len(mark)] != mark:
        msg = f"cannot read {path}: it is not a NIfTI file that holds header and data"
        raise DataError(msg)
    header: Any = (Nifti1Header if size == _SIZES[0] else Nifti2Header)(data[:size])
    kind = header.get_data_dtype()
    if kind.kind not in "biuf":
        msg = f"{path} holds {kind} values, expected whole numbers or floats"
        raise DataError(msg)
    # Some writers give further axes of one voxel.
    full = tuple(int(n) for n in header.get_data_shape())
    shape = full[:3]
    limit = max_voxels()
    if len(shape) != 3 or any(n != 1 for n in full[3:]) or not 0 < _product(shape) <= limit:
        msg = f"{path} has the shape {full}, expected three dimensions with 1 to {limit}"
        raise DataError(f"{msg} voxels (MIA_MAX_VOXELS)")
    if _data_end(header) > max_bytes():
        raise _too_long(path)
    return Header(header, shape, header.get_best_affine())


def _data_end(header: Any) -> int:
    voxels = _product(header.get_data_shape())
    return int(header["vox_offset"]) + voxels * int(header.get_data_dtype().itemsize)


def _product(shape: tuple[int, ...]) -> int:
    total = 1
    for count in shape:
        total *= int(count)
    return total


def _too_long(path: Path | str) -> DataError:
    limit = max_bytes()
    msg = f"{path} takes more than {limit} bytes, expected at most {limit} (MIA_MAX_BYTES)"
    return DataError(msg)
