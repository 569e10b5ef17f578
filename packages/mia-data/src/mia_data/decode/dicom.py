"""Reading of a frame of a DICOM file as an 8-bit image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from mia_data.decode.dicom_color import COLOR, read_color, read_palette
from mia_data.decode.dicom_frame import GrayScale, gray_scale
from mia_data.decode.dicom_padding import padding
from mia_data.decode.intensity import Window, to_uint8
from mia_data.decode.jpeg import check_jpeg
from mia_data.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from mia_data.decode.dicom_file import DicomFile

_GRAY = ("MONOCHROME1", "MONOCHROME2")
_PALETTE = "PALETTE COLOR"


def read_frame(
    file: DicomFile,
    number: int,
    mode: str,
    window: Window | None,
    percentiles: Callable[[DicomFile], Window | None] = lambda _: None,
    *,
    allow_damaged: bool = False,
) -> Image.Image:
    """Read a frame as ``mode``, ``"L"`` or ``"RGB"``.

    Gray values go through the file's rescale slope and intercept, or its modality table, and then
    through ``window``. If that is None, through the frame's first table of gray values, or its
    first window, or percentiles. MONOCHROME1 (white is low) is inverted. Pixels that the file says
    are padding are black. RGB and palettes of up to 16 bits have the range of their values.

    Args:
        file: The open file.
        number: The frame, from 0.
        mode: Pillow's name of the pixel format.
        window: The intensities that become 0 and 255; None for the file's own.
        percentiles: Gives the window of a volume that the file belongs to, where it gives none.
        allow_damaged: Whether to read JPEG data that end early.

    Raises:
        DataError: Pixels of a kind that is not read.
        ValueError: A table or a window's function that the standard does not have, or JPEG data
            that are damaged.
        Exception: What pydicom raises for data that it cannot decode.
    """
    photometric = str(file.dataset.get("PhotometricInterpretation", ""))
    samples = int(file.dataset.get("SamplesPerPixel") or 1)
    if (photometric in COLOR) != (samples == 3) or photometric not in (*COLOR, *_GRAY, _PALETTE):
        msg = (
            f"{file.path} holds {samples} sample(s) a pixel of {photometric or 'no kind'}, "
            f"expected 1 of {', '.join(_GRAY)} or {_PALETTE}, or 3 of {', '.join(COLOR)}"
        )
        raise DataError(msg)
    if file.is_baseline_jpeg and not allow_damaged:
        check_jpeg(file.encoded(number))
    pixels = file.pixels(number)
    if photometric in _GRAY:
        image = Image.fromarray(_gray(file, number, pixels, window, percentiles))
    else:
        read = read_palette if photometric == _PALETTE else read_color
        color, largest = read(file, pixels)
        is_byte = color.dtype == np.uint8 and largest == 255
        image = Image.fromarray(color if is_byte else to_uint8(color, (0, largest)))
    return image if image.mode == mode else image.convert(mode)


def shown_values(file: DicomFile, number: int) -> NDArray[np.float64] | None:
    """Return the values of a gray frame that percentiles are taken of, without padding.

    None where the frame has a table or a window of its own, or color.
    """
    if str(file.dataset.get("PhotometricInterpretation", "")) not in _GRAY:
        return None
    scale = gray_scale(file, number)
    if scale.voi_table is not None or scale.window is not None:
        return None
    pixels = file.pixels(number)
    outside = padding(file.dataset, pixels)
    return modality_values(scale, pixels if outside is None else pixels[~outside])


def modality_values(scale: GrayScale, pixels: NDArray[Any]) -> NDArray[np.float64]:
    """Return the stored values in their unit, such as Hounsfield (PS3.3 C.11.1)."""
    if scale.modality_table is not None:
        return scale.modality_table.look_up(pixels).astype(np.float64)
    return pixels.astype(np.float64) * scale.slope + scale.intercept


def _gray(
    file: DicomFile,
    number: int,
    pixels: NDArray[Any],
    window: Window | None,
    percentiles: Callable[[DicomFile], Window | None],
) -> NDArray[np.uint8]:
    scale = gray_scale(file, number)
    values = modality_values(scale, pixels)
    outside = padding(file.dataset, pixels)
    if window is None:
        values, window = _as_the_file_shows_it(scale, values)
        if window is None:
            window = percentiles(file)
    gray = to_uint8(values, window, without=outside)
    if file.dataset.PhotometricInterpretation == "MONOCHROME1":
        gray = 255 - gray
    if outside is not None:
        gray[outside] = 0
    return gray


def _as_the_file_shows_it(
    scale: GrayScale, values: NDArray[np.float64]
) -> tuple[NDArray[np.float64], Window | None]:
    """Return values for a linear window, and that window, by the first view (PS3.3 C.11.2)."""
    if scale.voi_table is not None:
        shown = scale.voi_table.look_up(values).astype(np.float64)
        return shown, (0.0, scale.voi_table.largest)
    if scale.window is None:
        return values, None
    center, width = scale.window.center, scale.window.width
    match scale.window.function:
        case "LINEAR":  # its ends in terms of pixel centers
            return values, (center - 0.5 - (width - 1) / 2, center - 0.5 + (width - 1) / 2)
        case "LINEAR_EXACT":
            return values, (center - width / 2, center + width / 2)
        case _:  # SIGMOID: 1 / (1 + exp(-4 (x - c) / w)), which could overflow
            return np.tanh(2 * (values - center) / width), (-1.0, 1.0)
