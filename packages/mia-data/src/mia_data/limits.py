"""Limits of what one file may take, which environment variables set."""

from __future__ import annotations

import os

from mia_data.errors import DataError

# Variable -> default. Of pixels it is Pillow's own, of voxels a CT of 1024 slices of 512 x 512. The
# study's largest archive unpacks to about 1 GB, the one with most files to 40 000.
DEFAULTS = {
    "MIA_MAX_PIXELS": 89_478_485,
    "MIA_MAX_VOXELS": 1 << 28,
    "MIA_MAX_BYTES": 1 << 30,
    "MIA_MAX_TABLE_BYTES": 64 << 20,
    "MIA_MAX_ARCHIVE_BYTES": 20 << 30,
    "MIA_MAX_ARCHIVE_MEMBERS": 1_000_000,
}


def max_pixels() -> int:
    """Return how many pixels an image or a frame may have: ``MIA_MAX_PIXELS``."""
    return _limit("MIA_MAX_PIXELS")


def max_voxels() -> int:
    """Return how many voxels a volume may have: ``MIA_MAX_VOXELS``."""
    return _limit("MIA_MAX_VOXELS")


def max_bytes() -> int:
    """Return how many bytes a file of images may have, decompressed too: ``MIA_MAX_BYTES``."""
    return _limit("MIA_MAX_BYTES")


def max_table_bytes() -> int:
    """Return how many bytes a table or list of images may have: ``MIA_MAX_TABLE_BYTES``."""
    return _limit("MIA_MAX_TABLE_BYTES")


def max_archive_bytes() -> int:
    """Return how many bytes an archive may unpack to: ``MIA_MAX_ARCHIVE_BYTES``."""
    return _limit("MIA_MAX_ARCHIVE_BYTES")


def max_archive_members() -> int:
    """Return how many members an archive may have: ``MIA_MAX_ARCHIVE_MEMBERS``."""
    return _limit("MIA_MAX_ARCHIVE_MEMBERS")


def _limit(variable: str) -> int:
    text = os.environ.get(variable)
    if not text:
        return DEFAULTS[variable]
    if not (text.isascii() and text.isdigit() and len(text) < 20 and 0 < int(text) < 1 << 63):
        msg = f"expected {variable} to be a whole number above 0, got {text!r}"
        raise DataError(msg)
    return int(text)
