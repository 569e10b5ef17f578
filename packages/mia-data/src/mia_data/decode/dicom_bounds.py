"""Bounds of what the compressed parts of a DICOM file take, looked at before they are made."""

from __future__ import annotations

import struct
import zlib
from itertools import pairwise
from typing import TYPE_CHECKING, BinaryIO

from mia_data.errors import DataError
from mia_data.limits import max_bytes

if TYPE_CHECKING:
    from pathlib import Path

_PREFIX = 132  # the preamble, and DICM
_DEFLATED = "1.2.840.10008.1.2.1.99"
_PIECE = 1 << 20
# A segment of so few bytes cannot take much: a run of 128 bytes is two.
_SMALL_SEGMENT = 1 << 22
_J2K_START = b"\xff\x4f\xff\x51"
_JPEG_LS_FRAME = 0xF7
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC} | {_JPEG_LS_FRAME}
_NO_LENGTH = frozenset((0x01, *range(0xD0, 0xD9)))


def check_inflated(path: Path | str, file: BinaryIO) -> None:
    """Refuse a deflated file that takes too much, and leave the file at its start.

    Raises:
        DataError: It takes more than ``max_bytes()``.
    """
    from pydicom.filereader import read_file_meta_info

    meta = read_file_meta_info(path)
    if str(meta.get("TransferSyntaxUID", "")) == _DEFLATED:
        file.seek(_PREFIX + 12 + int(meta.get("FileMetaInformationGroupLength", 0)))
        limit = max_bytes()
        inflater, size, piece = zlib.decompressobj(-zlib.MAX_WBITS), 0, b"-"
        while piece and not inflater.eof:
            piece = inflater.unconsumed_tail or file.read(_PIECE)
            size += len(inflater.decompress(piece, _PIECE))
            if size > limit:
                msg = f"{path} takes more than {limit} bytes when it is inflated"
                raise DataError(f"{msg}, expected at most {limit} (MIA_MAX_BYTES)")
    file.seek(0)


def check_rle(path: str, frame: bytes, pixels: int) -> None:
    """Refuse a frame whose run lengths give more bytes than it has pixels (PS3.5 G.3).

    Raises:
        DataError: They do.
    """
    count, *starts = struct.unpack("<16L", frame[:64].ljust(64, b"\0"))
    starts = [*starts[: min(count, 15)], len(frame)]
    for start, end in pairwise(starts):
        if end - start > _SMALL_SEGMENT and _runs_exceed(frame[start:end], pixels + 1):
            msg = f"{path} has run lengths of more than the {pixels} pixels of a frame"
            raise DataError(f"{msg}, expected as many")


def _runs_exceed(segment: bytes, limit: int) -> bool:
    at = size = 0
    while at < len(segment) and size <= limit:
        header = segment[at]
        if header < 128:
            size += header + 1
            at += header + 2
        else:
            size += 257 - header if header > 128 else 0
            at += 2 if header > 128 else 1
    return size > limit


def check_codestream(path: str, frame: bytes, rows: int, columns: int) -> None:
    """Refuse JPEG, JPEG-LS or JPEG 2000 data of another size than the file says.

    Raises:
        DataError: They are.
    """
    size = _codestream_size(frame)
    if size is not None and size != (columns, rows):
        msg = f"{path} says that its frames are {columns} x {rows}, and its data {size[0]} x"
        raise DataError(f"{msg} {size[1]}; expected the same")


def _codestream_size(data: bytes) -> tuple[int, int] | None:
    """Return width and height; None for data that are neither JPEG nor JPEG 2000."""
    start = data.find(_J2K_START, 0, 4096)
    if start >= 0 and len(data) >= start + 24:
        right, low, left, top = struct.unpack(">4L", data[start + 8 : start + 24])
        return right - left, low - top
    if not data.startswith(b"\xff\xd8"):
        return None
    at = 2
    while at + 9 <= len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker in _JPEG_FRAMES:
            height, width = struct.unpack(">2H", data[at + 5 : at + 9])
            return width, height
        if marker == 0xFF:
            at += 1
        elif marker in _NO_LENGTH:
            at += 2
        else:
            at += 2 + int(struct.unpack(">H", data[at + 2 : at + 4])[0])
    return None
