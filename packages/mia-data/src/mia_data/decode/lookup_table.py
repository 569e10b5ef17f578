"""Lookup tables of DICOM files: of gray values and of palettes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FEWEST_BITS, _MOST_BITS = 8, 16


@dataclass(frozen=True, eq=False)
class LookupTable:
    """A table from whole numbers to gray levels.

    Attributes:
        first: The number that becomes the first entry. Lower ones do, too, and those beyond the
            table become the last entry.
        entries: uint16 (N,).
        largest: The largest value that an entry can have.
    """

    first: int
    entries: NDArray[np.uint16]
    largest: int

    def look_up(self, values: NDArray[Any]) -> NDArray[np.uint16]:
        """Return the entries of values, which are rounded (PS3.3 C.11.1.1 and C.11.2.1.1)."""
        last = self.first + len(self.entries) - 1
        inside = np.clip(np.rint(values), self.first, last).astype(np.int64)
        return self.entries[inside - self.first]


def read_table(
    name: str, descriptor: Any, data: Any, *, little_endian: bool, signed: bool
) -> LookupTable:
    """Return the table of a descriptor and of its data as pydicom gives them.

    Args:
        name: The table's name, for messages.
        descriptor: The number of entries (0: 65536), the first number, and the bits of an entry.
        data: The entries as bytes or numbers. Entries of 8 bits may take 16.
        little_endian: The byte order of the file.
        signed: Whether the numbers that are looked up can be negative.

    Raises:
        ValueError: Entries of fewer than 8 or more than 16 bits, or fewer than the descriptor says.
    """
    count, first, bits = (int(value) for value in descriptor)
    count = count or 1 << 16
    if signed and first >= 1 << 15:  # stored as an unsigned number
        first -= 1 << 16
    if not _FEWEST_BITS <= bits <= _MOST_BITS:
        msg = f"its {name} has entries of {bits} bits, expected {_FEWEST_BITS} to {_MOST_BITS}"
        raise ValueError(msg)
    if isinstance(data, bytes):
        entries = _from_bytes(data, count, little_endian=little_endian)
    else:
        numbers = [data] if isinstance(data, int) else list(data)
        entries = np.array(numbers, dtype=np.int64).astype(np.uint16)
    if len(entries) < count:
        msg = f"its {name} has {len(entries)} entries, expected {count}"
        raise ValueError(msg)
    entries = entries[:count]
    return LookupTable(first, entries, max((1 << bits) - 1, int(entries.max())))


def _from_bytes(data: bytes, count: int, *, little_endian: bool) -> NDArray[np.uint16]:
    words = np.frombuffer(data[: len(data) // 2 * 2], "<u2" if little_endian else ">u2")
    if len(words) >= count:
        return words.astype(np.uint16)
    # Two entries of 8 bits a word, the first one in the low byte.
    return words.astype("<u2").view(np.uint8).astype(np.uint16)
