"""Color of DICOM files: RGB and palettes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mia_data.decode.lookup_table import LookupTable, read_table
from mia_data.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mia_data.decode.dicom_file import DicomFile

# pydicom converts these to RGB.
COLOR = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT")
_CHANNELS = ("Red", "Green", "Blue")


def read_palette(file: DicomFile, pixels: NDArray[Any]) -> tuple[NDArray[np.uint16], int]:
    """Return the colors (H, W, 3) of a palette's numbers, and the largest value they can have.

    Raises:
        DataError: The file has no palette, or tables of different sizes.
        ValueError: A table that the standard does not have.
    """
    tables = [_table(file, color) for color in _CHANNELS]
    colors = np.stack([table.look_up(pixels) for table in tables], axis=-1)
    return colors, max(table.largest for table in tables)


def read_color(file: DicomFile, pixels: NDArray[Any]) -> tuple[NDArray[Any], int]:
    """Return RGB (H, W, 3) of unsigned values, and the largest value they can have.

    Raises:
        DataError: Other channels, or values of more than 16 bits or with a sign.
    """
    bits = int(file.dataset.get("BitsStored") or file.dataset.BitsAllocated)
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype.kind != "u" or bits > 16:
        what = f"{pixels.dtype} color of shape {pixels.shape}"
        msg = f"{file.path} holds {what}, expected RGB of up to 16 bits"
        raise DataError(msg)
    return pixels, (1 << bits) - 1


def _table(file: DicomFile, color: str) -> LookupTable:
    name = f"{color}PaletteColorLookupTable"
    dataset = file.dataset
    descriptor = dataset.get(f"{name}Descriptor")
    if descriptor is None:
        msg = f"{file.path} has no {name}Descriptor, expected a palette's tables"
        raise DataError(msg)
    data = dataset.get(f"{name}Data")
    if data is None:
        data = _segmented(file, color, int(descriptor[0]) or 1 << 16, int(descriptor[2]))
    return read_table(
        name,
        descriptor,
        data,
        little_endian=file.is_little_endian,
        signed=bool(dataset.get("PixelRepresentation", 0)),
    )


def _segmented(file: DicomFile, color: str, count: int, bits: int) -> list[int]:
    """Return the entries of a table in segments (PS3.3 C.7.9.2)."""
    name = f"Segmented{color}PaletteColorLookupTableData"
    data = file.dataset.get(name)
    if data is None:
        msg = f"{file.path} has no {color}PaletteColorLookupTableData, expected a palette's tables"
        raise DataError(msg)
    kind = np.dtype(np.uint8 if bits == 8 else "<u2" if file.is_little_endian else ">u2")
    words = np.frombuffer(data, kind, len(data) // kind.itemsize).astype(np.int64)
    return _expand(words, count)


def _expand(words: NDArray[np.int64], count: int) -> list[int]:
    """Return the first ``count`` entries of segments: discrete values, or a line to a value.

    Raises:
        ValueError: A segment of another kind.
    """
    entries: list[int] = []
    at = 0
    while at + 2 < len(words) and len(entries) < count:
        kind, length = int(words[at]), int(words[at + 1])
        if kind == 0:
            entries.extend(words[at + 2 : at + 2 + length].tolist())
            at += 2 + length
        elif kind == 1 and entries:
            line = np.linspace(entries[-1], int(words[at + 2]), length + 1)[1:]
            entries.extend(np.rint(line).astype(int).tolist())
            at += 3
        else:
            msg = f"its palette has a segment of kind {kind}, expected 0 (discrete) or 1 (linear)"
            raise ValueError(msg)
    return entries
