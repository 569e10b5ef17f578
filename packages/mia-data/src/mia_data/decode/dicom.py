"""DICOM files, through the extra ``dicom`` (pydicom)."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from mia_data.decode.intensity import Window, to_uint8
from mia_data.decode.pillow import MAX_PIXELS
from mia_data.errors import DataError, MissingExtraError
from mia_data.files import read_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_MAX_BYTES = 1 << 30


def read_dicom(path: Path | str, mode: str, window: Window | None) -> Image.Image:
    """Read a DICOM image of one frame as ``mode``, ``"L"`` or ``"RGB"``.

    Gray values go through the file's rescale slope and intercept and then through ``window``, else
    the file's first window if its width is at least 1, else the image's percentiles. MONOCHROME1
    (white is low) is inverted. Color images must have 8 bits; palettes are looked up.

    Raises:
        MissingExtraError: pydicom is not installed.
        DataError: no pixels, several frames or too many pixels.
        Exception: what pydicom raises for a file that it cannot decode.
    """
    dataset = _dataset(path)
    rows, columns = int(dataset.get("Rows", 0)), int(dataset.get("Columns", 0))
    frames = int(dataset.get("NumberOfFrames", 1) or 1)
    if not rows or not columns or frames != 1 or rows * columns > MAX_PIXELS:
        msg = (
            f"{path} has {frames} frame(s) of {columns} x {rows}, expected one frame of "
            f"1 to {MAX_PIXELS} pixels"
        )
        raise DataError(msg)
    pixels = dataset.pixel_array
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        from pydicom.pixels.processing import apply_color_lut

        pixels = apply_color_lut(pixels, dataset)
    if pixels.ndim == 3:
        image = Image.fromarray(_color(pixels, path))
    else:
        image = Image.fromarray(_gray(dataset, pixels, window))
    return image if image.mode == mode else image.convert(mode)


def _dataset(path: Path | str) -> Any:
    try:
        import pydicom
    except ImportError as error:
        msg = f"{path} is a DICOM file, which needs pydicom: pip install 'mia-data[dicom]'"
        raise MissingExtraError(msg) from error
    return pydicom.dcmread(io.BytesIO(read_bytes(path, limit=_MAX_BYTES)))


def _color(pixels: NDArray[Any], path: Path | str) -> NDArray[np.uint8]:
    if pixels.dtype != np.uint8 or pixels.shape[2] != 3:
        msg = f"{path} holds {pixels.dtype} color of shape {pixels.shape}, expected uint8 RGB"
        raise DataError(msg)
    return pixels


def _gray(dataset: Any, pixels: NDArray[Any], window: Window | None) -> NDArray[np.uint8]:
    slope = float(dataset.get("RescaleSlope", 1) or 1)
    values = pixels.astype(np.float64) * slope + float(dataset.get("RescaleIntercept", 0) or 0)
    gray = to_uint8(values, window if window is not None else _file_window(dataset))
    return 255 - gray if dataset.get("PhotometricInterpretation") == "MONOCHROME1" else gray


def _file_window(dataset: Any) -> Window | None:
    center, width = dataset.get("WindowCenter"), dataset.get("WindowWidth")
    if center is None or width is None:
        return None
    # Several windows are allowed; the first is the one that viewers show.
    center, width = (v if isinstance(v, str | float | int) else v[0] for v in (center, width))
    center, width = float(center), float(width)
    # The standard allows no narrower one; 0 stands in some files for no window.
    if not (math.isfinite(center) and 1 <= width < math.inf):
        return None
    # DICOM PS3.3 C.11.2.1.2: the linear function's ends, in terms of pixel centres.
    return center - 0.5 - (width - 1) / 2, center - 0.5 + (width - 1) / 2
