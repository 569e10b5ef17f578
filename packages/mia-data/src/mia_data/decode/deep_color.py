"""Reading of color with 16 bits per channel from PNG and TIFF; Pillow keeps only the high bytes."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from mia_data.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from PIL.ImageFile import ImageFile

# Pillow's names of how pixels lie in a file: the channels, and the order of each value's two bytes
# (big-endian, little-endian, that of the machine). X is a channel of no meaning.
_RAW_MODE = re.compile(r"(LA|RGB|RGBA|RGBX);16([BLN])")
_BIG_ENDIAN = {"B": True, "L": False, "N": sys.byteorder == "big"}
_BITS_PER_SAMPLE, _PLANAR_CONFIGURATION = 258, 284
_ONE_PLANE_A_CHANNEL = 2


def is_deep_color(image: ImageFile) -> bool:
    """Tell whether a file has more than the 8 bits per channel that Pillow opens it with."""
    if image.format == "TIFF":
        return max(_tag(image, _BITS_PER_SAMPLE, (1,))) > 8
    return image.format == "PNG" and ";16" in _raw_mode(image)


def read_deep_color(image: ImageFile, again: ImageFile, path: Path | str) -> NDArray[np.uint16]:
    """Return all values of an image of 16-bit color, or of gray with alpha.

    Args:
        image: The image, opened and not yet loaded.
        again: The same, opened a second time.
        path: Its file, for messages.

    Returns:
        (H, W, C): gray and alpha, RGB, or RGB and alpha.

    Raises:
        DataError: The file has other channels (CMYK, premultiplied alpha), or a plane for each.
    """
    has_planes = _tag(image, _PLANAR_CONFIGURATION, 1) == _ONE_PLANE_A_CHANNEL
    raw_mode = _raw_mode(image)
    found = _RAW_MODE.fullmatch(raw_mode)
    if has_planes or found is None:
        how = "one plane a channel" if has_planes else f"Pillow's {raw_mode}"
        msg = (
            f"{path} holds color of 16 bits as {how}, expected RGB, RGBA or gray with alpha, "
            "pixel by pixel"
        )
        raise DataError(msg)
    channels, order = found.groups()
    if channels == "LA":
        # Pillow opens it as RGBA, so the four bytes of a pixel can be had as they are.
        pixels = _load(image, "RGBA")
        return _join(pixels[..., 0::2], pixels[..., 1::2])
    # Pillow keeps the byte that would be the high one in the order that it is told.
    first, second = _load(image, f"{channels};16B"), _load(again, f"{channels};16L")
    high, low = (first, second) if _BIG_ENDIAN[order] else (second, first)
    # X, a channel of no meaning, is the last one.
    count = 4 if channels == "RGBA" else 3
    return _join(high[..., :count], low[..., :count])


def _join(high: NDArray[np.uint8], low: NDArray[np.uint8]) -> NDArray[np.uint16]:
    return np.uint16(256) * high + low


def _load(image: ImageFile, raw_mode: str) -> NDArray[np.uint8]:
    """Decode an image with another of Pillow's raw modes."""
    # A tile is a plain tuple or a named one, depending on Pillow's version.
    image.tile = [
        tuple.__new__(type(tile), (*tile[:3], _with_raw_mode(tile[3], raw_mode)))
        for tile in image.tile
    ]
    return np.asarray(image)


def _raw_mode(image: ImageFile) -> str:
    options: Any = image.tile[0][3] if image.tile else ""
    return str(options if isinstance(options, str) else options[0])


def _with_raw_mode(options: Any, raw_mode: str) -> Any:
    return raw_mode if isinstance(options, str) else (raw_mode, *options[1:])


def _tag(image: ImageFile, number: int, default: Any) -> Any:
    return getattr(image, "tag_v2", {}).get(number, default)
