"""Checksums of PNG files, which Pillow does not compare where they are of pixels."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

from mia_data.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEADER = struct.Struct(">I4s")
_CHECKSUM = struct.Struct(">I")


def check_png(data: bytes, path: Path | str) -> None:
    """Refuse a PNG file with a wrong checksum in a chunk that its pixels depend on.

    Damage of other chunks, such as comments, changes no pixel.

    Raises:
        DataError: A checksum is wrong, or the file ends early.

    Source: https://www.w3.org/TR/png-3/#5Chunk-layout
    """
    at, view = len(SIGNATURE), memoryview(data)
    while at + _HEADER.size <= len(data):
        size, kind = _HEADER.unpack_from(data, at)
        end = at + _HEADER.size + size
        if end + _CHECKSUM.size > len(data):
            msg = f"{path} is truncated: it ends inside its chunk {kind!r} at byte {at}"
            raise DataError(msg)
        is_critical = not kind[0] & 0x20  # an upper-case letter
        found = zlib.crc32(view[at + 4 : end])
        if is_critical and found != _CHECKSUM.unpack_from(data, end)[0]:
            msg = f"{path} is damaged: the checksum of its chunk {kind!r} at byte {at} is wrong"
            raise DataError(msg)
        if kind == b"IEND":
            return
        at = end + _CHECKSUM.size
