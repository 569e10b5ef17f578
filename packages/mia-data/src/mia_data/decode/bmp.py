"""BMP files whose palette Pillow takes for another depth than the file has."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from mia_data.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from PIL.ImageFile import ImageFile

_CORE_HEADER = 12
# The depth that each of Pillow's gray modes is read with.
_DEPTHS = {"1": 1, "L": 8}


def mend_depth(image: ImageFile, data: bytes, path: Path | str) -> None:
    """Make Pillow read numbers of a palette of black and white with the depth of the file.

    It drops a palette that is that of a gray mode, and the file's depth with it.

    Args:
        image: The image, opened and not yet loaded.
        data: The file.
        path: Its path, for messages.

    Raises:
        DataError: The numbers have a depth that Pillow cannot read in that mode.
    """
    (size,) = struct.unpack_from("<I", data, 14)
    (bits,) = struct.unpack_from("<H", data, 24 if size == _CORE_HEADER else 28)
    if _DEPTHS.get(image.mode, bits) == bits:
        return
    if (image.mode, bits) != ("1", 8) or any(tile[0] != "raw" for tile in image.tile):
        msg = f"{path} holds gray numbers of {bits} bits with a palette that is their own, expected"
        raise DataError(f"{msg} 1 or 8 bits without compression")
    image.tile = [_as_bytes(tile) for tile in image.tile]


def _as_bytes(tile: Any) -> Any:
    """Return one of Pillow's tiles for numbers of a byte each, of which 0 is black."""
    # A tile is a plain tuple or a named one, depending on Pillow's version.
    return tuple.__new__(type(tile), (*tile[:3], ("1;8", *tile[3][1:])))
