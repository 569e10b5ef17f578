"""PNG, JPEG, TIFF and BMP files."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageFile, UnidentifiedImageError

from mia_data.decode.deep_color import is_deep_color, read_deep_color
from mia_data.decode.intensity import Window, to_uint8
from mia_data.errors import DataError
from mia_data.files import read_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

# JPEG first: Pillow tries them in this order.
_FORMATS = ("JPEG", "PNG", "TIFF", "BMP")
# Pillow's own default, written out because a program may have changed Pillow's global.
MAX_PIXELS = 89_478_485
_MAX_BYTES = 1 << 30
_DEEP_MODES = {"I", "F", "I;16", "I;16B", "I;16L", "I;16N"}


def open_image(path: Path | str) -> ImageFile.ImageFile:
    """Open an image file of a known format and a sane size; pixels are not decoded yet.

    Raises:
        DataError: empty, not of a known format, more than ``MAX_PIXELS`` pixels, or several pages.
    """
    data = read_bytes(path, limit=_MAX_BYTES)
    try:
        image = Image.open(io.BytesIO(data), formats=_FORMATS)
    except UnidentifiedImageError as error:
        msg = f"{path} is not an image of a known format ({', '.join(_FORMATS)})"
        raise DataError(msg) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        msg = f"{path} has too many pixels, expected at most {MAX_PIXELS}"
        raise DataError(msg) from error
    width, height = image.size
    if width * height > MAX_PIXELS:
        msg = f"{path} is {width} x {height}, expected at most {MAX_PIXELS} pixels"
        raise DataError(msg)
    if image.format == "TIFF" and getattr(image, "n_frames", 1) != 1:
        msg = f"{path} has several pages, expected an image of one page"
        raise DataError(msg)
    return image


def read_image(path: Path | str, mode: str, window: Window | None) -> Image.Image:
    """Read an image as ``mode``, ``"L"`` or ``"RGB"``.

    The orientation tag of a JPEG is not applied: the study's code did not, and masks would not
    follow it.

    Raises:
        DataError: as ``open_image``, or color of 16 bits is stored in a way that is not read.
    """
    opened = open_image(path)
    values = _deep_values(opened, path)
    image = opened if values is None else Image.fromarray(to_uint8(values, window))
    # Converting drops transparency, and would warn of it.
    image.info.pop("transparency", None)
    # Converting to the same mode would only copy.
    return image if image.mode == mode else image.convert(mode)


def read_mask(path: Path | str) -> Image.Image:
    """Read a mask as an ``"L"`` image of 0 and 255: above zero is abnormal."""
    image = open_image(path)
    values = _deep_values(image, path)
    if values is None:
        values = np.asarray(image.convert("L"))
    if values.ndim == 3:
        values = values.max(axis=2)
    return Image.fromarray((values > 0) * np.uint8(255))


def _deep_values(image: ImageFile.ImageFile, path: Path | str) -> NDArray[Any] | None:
    """Return an image of more than 8 bits, (H, W) or (H, W, 3) without alpha; None for others."""
    if image.mode in _DEEP_MODES:
        return np.asarray(image)
    # Each of the two gives one byte of every value.
    return read_deep_color(image, open_image(path), path) if is_deep_color(image) else None
