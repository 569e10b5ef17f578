"""Reading of PNG, JPEG, TIFF and BMP files."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageFile, UnidentifiedImageError
from PIL.JpegImagePlugin import JpegImageFile

from mia_data.decode.bmp import mend_depth
from mia_data.decode.deep_color import is_deep_color, read_deep_color
from mia_data.decode.intensity import Window, to_uint8
from mia_data.decode.jpeg import load_jpeg
from mia_data.decode.jpeg_structure import END as JPEG_END
from mia_data.decode.png import SIGNATURE, check_png
from mia_data.decode.tiff import DEEP_MODES, read_deep_gray
from mia_data.errors import DataError
from mia_data.files import read_image_bytes
from mia_data.limits import DEFAULTS, max_pixels

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

# JPEG first: Pillow tries them in this order.
_FORMATS = ("JPEG", "PNG", "TIFF", "BMP")
_JPEG_MARK = b"\xff\xd8\xff"
_TIFF_MARKS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def open_image(path: Path | str, *, allow_damaged: bool = False) -> ImageFile.ImageFile:
    """Open an image file of a known format and a reasonable size, without decoding its pixels.

    With ``allow_damaged``, a JPEG that is cut off can be decoded: what is missing becomes gray; the
    checksums of a PNG are not compared.

    Raises:
        DataError: Empty, not of a known format, more than ``max_pixels()`` pixels, several pages,
            or a wrong checksum.
    """
    limit = _pixel_limit()
    data = read_image_bytes(path)
    if allow_damaged and data.startswith(_JPEG_MARK):
        data += JPEG_END
    if not allow_damaged and data.startswith(SIGNATURE):
        check_png(data, path)
    try:
        image = Image.open(io.BytesIO(data), formats=_FORMATS)
    except UnidentifiedImageError as error:
        what = "an image of a known format"
        if data.startswith(_TIFF_MARKS):
            what = "a TIFF of a known kind (unsigned, signed or float values of up to 32 bits)"
        msg = f"{path} is not {what}, expected {', '.join(_FORMATS)}"
        raise DataError(msg) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        msg = f"{path} has too many pixels, expected at most {limit} (MIA_MAX_PIXELS)"
        raise DataError(msg) from error
    if image.format == "BMP":
        mend_depth(image, data, path)
    width, height = image.size
    if width * height > limit:
        msg = f"{path} is {width} x {height}, expected at most {limit} pixels (MIA_MAX_PIXELS)"
        raise DataError(msg)
    if image.format == "TIFF" and getattr(image, "n_frames", 1) != 1:
        msg = f"{path} has several pages, expected an image of one page"
        raise DataError(msg)
    return image


def _pixel_limit() -> int:
    """Return the limit; where it is set above Pillow's default, Pillow's own is brought up to it.

    Pillow has a limit for the whole process, which a program may have changed.
    """
    limit, own = max_pixels(), Image.MAX_IMAGE_PIXELS
    if own is not None and own < limit and limit > DEFAULTS["MIA_MAX_PIXELS"]:
        Image.MAX_IMAGE_PIXELS = limit
    return limit


def read_image(
    path: Path | str, mode: str, window: Window | None, *, allow_damaged: bool = False
) -> Image.Image:
    """Read an image as ``mode``, ``"L"`` or ``"RGB"``.

    The orientation tag of a JPEG is not applied: the study's code did not, and masks would not
    follow it.

    Raises:
        DataError: As ``open_image``, or color of 16 bits is stored in a way that is not read.
        ValueError: A JPEG is damaged inside, and that is not allowed.
    """
    opened = open_image(path, allow_damaged=allow_damaged)
    if isinstance(opened, JpegImageFile) and not allow_damaged:
        load_jpeg(opened)
    values = deep_values(opened, path)
    image = opened if values is None else _shown(values, window)
    # Converting drops transparency, and would warn of it.
    image.info.pop("transparency", None)
    # Converting to the same mode would only copy.
    return image if image.mode == mode else image.convert(mode)


def _shown(values: NDArray[Any], window: Window | None) -> Image.Image:
    """Return deep values as a gray or RGB image, without their alpha."""
    if values.ndim == 3:
        values = values[..., :3] if values.shape[2] >= 3 else values[..., 0]
    return Image.fromarray(to_uint8(values, window))


def deep_values(image: ImageFile.ImageFile, path: Path | str) -> NDArray[Any] | None:
    """Return the values of an image of more than 8 bits a channel; None for others.

    Returns:
        (H, W), or (H, W, C) of color and of gray with alpha, whose last channel is then alpha.
    """
    if image.format == "TIFF":
        values = read_deep_gray(image, path)
        if values is not None:
            return values
    if image.mode in DEEP_MODES:
        return np.asarray(image)
    # Each of the two gives one byte of every value.
    return read_deep_color(image, open_image(path), path) if is_deep_color(image) else None
