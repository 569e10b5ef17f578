"""Reading of gray TIFF files with values outside 0 to 255."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from mia_data.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from PIL.ImageFile import ImageFile

_BITS_PER_SAMPLE, _PHOTOMETRIC, _SAMPLE_FORMAT = 258, 262, 339
_WHITE_IS_ZERO = 0
_UNSIGNED, _SIGNED = 1, 2
# Pillow's modes of gray images whose values are not 0 to 255.
DEEP_MODES = {"I", "F", "I;16", "I;16B", "I;16L", "I;16N"}
# Pillow's names of how a deep value lies in a file: its kind, its bits, B for big-endian, and S for
# signed or F for float.
_RAW_MODE = re.compile(r"([IF];\d+)B?([SF]?)")


def read_deep_gray(image: ImageFile, path: Path | str) -> NDArray[Any] | None:
    """Return the values of a gray TIFF of more than 8 bits or with a sign; None for others.

    Args:
        image: The image, opened and not yet loaded.
        path: Its file, for messages.

    Returns:
        (H, W): unsigned, signed or float. White is high, as in what Pillow gives of 8 bits.

    Raises:
        DataError: The values are signed or floats and the lowest is said to be white.
    """
    tags: Any = getattr(image, "tag_v2", {})
    bits = tags.get(_BITS_PER_SAMPLE, (1,))[0]
    kind = tags.get(_SAMPLE_FORMAT, (_UNSIGNED,))[0]
    is_signed_byte = kind == _SIGNED and bits == 8
    if image.mode not in DEEP_MODES and not is_signed_byte:
        return None
    _use_native_order(image)
    values = np.asarray(image)
    if is_signed_byte:
        values = values.view(np.int8)
    elif kind == _UNSIGNED and bits == 32:
        values = values.view(np.uint32)
    if tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO:
        if kind != _UNSIGNED:
            msg = f"{path} holds signed or float values of which the lowest is white"
            raise DataError(f"{msg}, expected the highest to be white")
        values = ((1 << bits) - 1) - values
    return values


def _use_native_order(image: ImageFile) -> None:
    """Make Pillow take values that libtiff has decompressed in the machine's byte order.

    Pillow does so by itself for unsigned values of 16 bits only.
    """
    image.tile = [_native(tile) if tile[0] == "libtiff" else tile for tile in image.tile]


def _native(tile: Any) -> Any:
    options = tile[3]
    found = _RAW_MODE.fullmatch(options[0])
    if found is None:
        return tile
    raw_mode = f"{found[1]}N{found[2]}"
    # A tile is a plain tuple or a named one, depending on Pillow's version.
    return tuple.__new__(type(tile), (*tile[:3], (raw_mode, *options[1:])))
