"""JPEG files that are damaged inside, which Pillow decodes without a word.

The decoder fills what is missing with gray and skips what is too much. So the file's structure is
looked at here, and how much of its data the decoder takes.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

END = b"\xff\xd9"
# Markers (second bytes) of ITU T.81, table B.1.
_BASELINE, _HUFFMAN_FRAMES = (0xC0, 0xC1), (0xC0, 0xC1, 0xC2)
_TABLES = 0xC4
_FRAMES = frozenset(range(0xC0, 0xD0)) - {_TABLES, 0xC8, 0xCC}
_SCAN, _RESTART_INTERVAL, _END_OF_IMAGE = 0xDA, 0xDD, 0xD9
_NO_CONTENT = frozenset((0x00, 0x01, *range(0xD0, 0xD9)))
# In the data of a scan: FF 00 is a value of FF, and D0 to D7 are restarts.
_AFTER_SCAN = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]")
_RESTART = re.compile(rb"\xff[\xd0-\xd7]")
# The decoder looks up to 57 bits ahead. These are all 1, which is no code of any JPEG.
_LOOKAHEAD = b"\xff\x00" * 7
# Some cameras put a few bytes before the end marker.
_MOST_LEFT_OVER = 64
_ZEROS = bytes(32)
# Bytes that change some pixel where they are taken for data.
_EXTRA = bytes(range(1, 65))


@dataclass(frozen=True)
class _Scan:
    """The compressed data of one scan.

    Attributes:
        start: Its first byte.
        end: The marker behind it.
        may_hold_zeros: Whether many bytes of zero can stand for a part of the image without
            structure, by the scan's kind and code tables.
    """

    start: int
    end: int
    may_hold_zeros: bool


@dataclass
class _Structure:
    """The parts of a JPEG file.

    Attributes:
        frame: The marker of its kind.
        frame_header: The image's size, and each component's number and sampling.
        restart_interval: The blocks, or groups of blocks, between two restarts; 0 for none.
        scans: Its scans.
        zero_symbols: What the code of zeros stands for, by class (0 DC, 16 AC) and number of a
            table.
        lowest_bits: The lowest bit that the scans of a progressive image have given, by component
            and coefficient.
    """

    frame: int = 0
    frame_header: bytes = b""
    restart_interval: int = 0
    scans: list[_Scan] = field(default_factory=list)
    zero_symbols: dict[int, int] = field(default_factory=dict)
    lowest_bits: dict[tuple[int, int], int] = field(default_factory=dict)

    @property
    def is_progressive(self) -> bool:
        return self.frame not in _BASELINE

    @property
    def restarts(self) -> int | None:
        """How many restarts the data have; None for images of several scans."""
        if len(self.scans) != 1 or self.is_progressive:
            return None
        if not self.restart_interval:
            return 0
        height, width = (int.from_bytes(self.frame_header[i : i + 2], "big") for i in (1, 3))
        samplings = self.frame_header[7::3]
        across, down = max(s >> 4 for s in samplings), max(s & 15 for s in samplings)
        if len(samplings) == 1:
            across = down = 1
        groups = -(-width // (8 * across)) * -(-height // (8 * down))
        return -(-groups // self.restart_interval) - 1


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
    image.fp.seek(0)
    data = image.fp.read()
    structure = _structure(data)
    if structure.frame not in _HUFFMAN_FRAMES:
        return  # Arithmetic coding may leave out zeros at its end.
    for scan in structure.scans:
        if not scan.may_hold_zeros and data.find(_ZEROS, scan.start, scan.end) >= 0:
            msg = f"it is damaged: {len(_ZEROS)} or more bytes of its data are zeros"
            raise ValueError(msg)
    # One decoding tells where nothing but the end of the data has to be looked at.
    is_simple = structure.restarts == 0
    may_end_early = not is_simple or _needs_more(image, data, structure.scans[0])
    if may_end_early and _is_incomplete(data, structure):
        raise _ends_early()


def _ends_early() -> ValueError:
    return ValueError("it is truncated: its data end before the image does")


def _needs_more(image: ImageFile, data: bytes, scan: _Scan) -> bool:
    """Decode an image of one scan; tell whether the decoder asks for more than all of its data.

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


def _is_incomplete(data: bytes, structure: _Structure) -> bool:
    """Tell whether bytes behind the data of a scan, or before a restart, change the image."""
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


def _structure(data: bytes) -> _Structure:
    """Walk from marker to marker up to the end of the image.

    Raises:
        ValueError: There is no such end.
    """
    found = _Structure()
    at, last = 2, len(data) - 2
    while at <= last:
        kind = data[at + 1]
        if data[at] != 0xFF or kind == 0xFF:
            at += 1  # Bytes between two segments mean nothing.
            continue
        if kind == _END_OF_IMAGE:
            return found
        if kind in _NO_CONTENT:
            at += 2
            continue
        start, at = at + 4, at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if kind == _TABLES:
            _note_tables(data[start:at], found)
        elif kind == _RESTART_INTERVAL:
            found.restart_interval = int.from_bytes(data[start:at], "big")
        elif kind in _FRAMES:
            found.frame, found.frame_header = kind, data[start:at]
        elif kind == _SCAN:
            header = data[start:at]
            is_only_one = not found.is_progressive and header[0] == found.frame_header[5]
            end = _end_of_scan(data, at, is_only_one=is_only_one)
            found.scans.append(_scan(header, at, end, found))
            at = end
    raise _ends_early()


def _end_of_scan(data: bytes, start: int, *, is_only_one: bool) -> int:
    """Return where the data of a scan end: at the first FF of a marker that is no restart."""
    if is_only_one:
        end = data.find(END, start)  # much faster
    else:
        after = _AFTER_SCAN.search(data, start)
        end = -1 if after is None else after.start()
    if end < 0:
        raise _ends_early()
    while data[end - 1] == 0xFF:
        end -= 1
    return end


def _note_tables(content: bytes, found: _Structure) -> None:
    """Note what the code of zeros, the first of a table, stands for."""
    while len(content) > 17:
        found.zero_symbols[content[0]] = content[17]
        content = content[17 + sum(content[1:17]) :]


def _scan(content: bytes, start: int, end: int, found: _Structure) -> _Scan:
    """Read a scan's header, which says which bits of which coefficients it holds."""
    count = content[0]
    first, last, bits = content[1 + 2 * count : 4 + 2 * count]
    components, tables = content[1 : 1 + 2 * count : 2], content[2 : 2 + 2 * count : 2]
    if not found.is_progressive:
        symbols = [found.zero_symbols.get(0x10 | (table & 15), 0) for table in tables]
        return _Scan(start, end, may_hold_zeros=not any(symbols))
    for component in found.frame_header[6::3]:
        for k in range(64):
            if component in components and first <= k <= last:
                found.lowest_bits[component, k] = bits & 15
            else:
                found.lowest_bits.setdefault((component, k), 16)
    # DC values and bits that refine others stand there as they are. What is flat has a code of
    # its own for whole runs of blocks.
    return _Scan(start, end, may_hold_zeros=first == 0 or bits >> 4 != 0)
