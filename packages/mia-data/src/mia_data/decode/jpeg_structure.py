"""The structure of JPEG files: frame, tables and scans."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache

END = b"\xff\xd9"
# Markers (second bytes) of ITU T.81, table B.1.
_BASELINE, _HUFFMAN_FRAMES = (0xC0, 0xC1), (0xC0, 0xC1, 0xC2)
_TABLES = 0xC4
_FRAMES = frozenset(range(0xC0, 0xD0)) - {_TABLES, 0xC8, 0xCC}
_SCAN, _RESTART_INTERVAL, _END_OF_IMAGE = 0xDA, 0xDD, 0xD9
_NO_CONTENT = frozenset((0x00, 0x01, *range(0xD0, 0xD9)))
# In the data of a scan: FF 00 is a value of FF, and D0 to D7 are restarts.
_AFTER_SCAN = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]")


@dataclass(frozen=True)
class Scan:
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
class Structure:
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
    scans: list[Scan] = field(default_factory=list)
    zero_symbols: dict[int, int] = field(default_factory=dict)
    lowest_bits: dict[tuple[int, int], int] = field(default_factory=dict)

    @property
    def is_huffman(self) -> bool:
        """Tell whether values have Huffman codes, as in nearly all files."""
        return self.frame in _HUFFMAN_FRAMES

    @property
    def is_progressive(self) -> bool:
        """Tell whether each scan gives only some coefficients, or some bits of them."""
        return self.frame not in _BASELINE

    @property
    def restarts(self) -> int | None:
        """Return the number of restarts in the data; None for images of several scans."""
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


def read_structure(data: bytes, start: int) -> Structure:
    """Return the structure of a JPEG file.

    Args:
        data: The file.
        start: Where the data of its first scan begin.

    Raises:
        ValueError: The file has no end marker.
    """
    header = _read_header(data[:start])
    if header is None or header.restarts != 0:
        return _walk(data)
    end = _end_of_scan(data, start, is_only_one=True)
    return replace(header, scans=[replace(header.scans[0], end=end)])


@lru_cache(maxsize=32)
def _read_header(header: bytes) -> Structure | None:
    """Return the structure of a file with this header; None for a header of another form.

    Images of one program often have the same header.
    """
    try:
        found = _walk(header + END)
    except ValueError:
        return None
    return found if [scan.start for scan in found.scans] == [len(header)] else None


def ends_early() -> ValueError:
    """Return the error for a file that is cut off."""
    return ValueError("it is truncated: its data end before the image does")


def _walk(data: bytes) -> Structure:
    """Read all markers up to the end of the image.

    Raises:
        ValueError: There is no such end.
    """
    found = Structure()
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
    raise ends_early()


def _end_of_scan(data: bytes, start: int, *, is_only_one: bool) -> int:
    """Return the end of a scan's data: the first FF of a marker that is not a restart."""
    if is_only_one:
        end = data.find(END, start)  # much faster
    else:
        after = _AFTER_SCAN.search(data, start)
        end = -1 if after is None else after.start()
    if end < 0:
        raise ends_early()
    while data[end - 1] == 0xFF:
        end -= 1
    return end


def _note_tables(content: bytes, found: Structure) -> None:
    """Record the symbol of the first code of each table, which is all zeros."""
    while len(content) > 17:
        found.zero_symbols[content[0]] = content[17]
        content = content[17 + sum(content[1:17]) :]


def _scan(content: bytes, start: int, end: int, found: Structure) -> Scan:
    """Return a scan from its header, and record which bits of which coefficients it holds."""
    count = content[0]
    first, last, bits = content[1 + 2 * count : 4 + 2 * count]
    components, tables = content[1 : 1 + 2 * count : 2], content[2 : 2 + 2 * count : 2]
    if not found.is_progressive:
        symbols = [found.zero_symbols.get(0x10 | (table & 15), 0) for table in tables]
        return Scan(start, end, may_hold_zeros=not any(symbols))
    for component in found.frame_header[6::3]:
        for k in range(64):
            if component in components and first <= k <= last:
                found.lowest_bits[component, k] = bits & 15
            else:
                found.lowest_bits.setdefault((component, k), 16)
    # DC values and bits that refine others stand there as they are. What is flat has a code of
    # its own for whole runs of blocks.
    return Scan(start, end, may_hold_zeros=first == 0 or bits >> 4 != 0)
