"""Detection of JPEG files that are damaged inside, which Pillow decodes without an error.

The decoder fills missing parts with gray and skips surplus data. So the file's structure is checked
here, and how much of its data the decoder uses.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from PIL import Image

from mia_data.decode.jpeg_structure import END, ends_early, read_structure

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

    from mia_data.decode.jpeg_structure import Scan, Structure

_RESTART = re.compile(rb"\xff[\xd0-\xd7]")
# The decoder looks up to 57 bits ahead. These are all 1, which is no code of any JPEG.
_LOOKAHEAD = b"\xff\x00" * 7
# Some cameras put a few bytes before the end marker.
_MOST_LEFT_OVER = 64
_ZEROS = bytes(32)
# Bytes that change some pixel where they are taken for data.
_EXTRA = bytes(range(1, 65))


def check_jpeg(data: bytes) -> None:
    """Refuse JPEG data of another format's file that are damaged inside; as ``load_jpeg``."""
    with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
        load_jpeg(image)


def load_jpeg(image: ImageFile) -> None:
    """Decode a JPEG that Pillow has opened and not yet loaded, or refuse it.

    Not noticed is damage that hits single values and leaves the length alone, or not more than the
    last two blocks of 8 x 8 pixels.

    Raises:
        ValueError: The data end before the image does, go on behind it, or have been overwritten
            with zeros.
        OSError: Pillow cannot decode it.
    """
    assert image.fp is not None
    start = image.fp.tell()
    image.fp.seek(0)
    data = image.fp.read()
    structure = read_structure(data, start)
    if not structure.is_huffman:
        return  # Arithmetic coding may leave out zeros at its end.
    for scan in structure.scans:
        if not scan.may_hold_zeros and data.find(_ZEROS, scan.start, scan.end) >= 0:
            msg = f"it is damaged: {len(_ZEROS)} or more bytes of its data are zeros"
            raise ValueError(msg)
    # One decoding tells where nothing but the end of the data has to be looked at.
    is_simple = structure.restarts == 0
    may_end_early = not is_simple or _needs_more(image, data, structure.scans[0])
    if may_end_early and _is_incomplete(data, structure):
        raise ends_early()


def _needs_more(image: ImageFile, data: bytes, scan: Scan) -> bool:
    """Decode an image of one scan and tell whether the decoder asks for more data than there are.

    Raises:
        ValueError: The image is complete long before its data end.
    """
    almost = max(scan.start, scan.end - _MOST_LEFT_OVER)
    pieces = [END, data[almost : scan.end] + _LOOKAHEAD, data[:almost]]
    # Pillow's hook for formats that read in blocks of their own.
    image.load_read = lambda _: pieces.pop() if pieces else b""  # type: ignore[attr-defined]
    image.load()
    if len(pieces) == 2 and almost > scan.start:
        msg = f"it is damaged: its data go on for over {_MOST_LEFT_OVER} bytes behind the image"
        raise ValueError(msg)
    return not pieces


def _is_incomplete(data: bytes, structure: Structure) -> bool:
    """Tell whether bytes inserted after a scan's data, or before a restart, change the image."""
    if any(structure.lowest_bits.values()):
        return True  # A scan is missing as a whole.
    parts, done = [], 0
    for scan in structure.scans:
        borders = [m.start() for m in _RESTART.finditer(data, scan.start, scan.end)]
        if structure.restarts not in (None, len(borders)):
            return True
        for border in (*borders, scan.end):
            parts += [data[done:border], _EXTRA]
            done = border
    return _decode(data) != _decode(b"".join([*parts, data[done:]]))


def _decode(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
        return image.tobytes()
