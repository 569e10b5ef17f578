"""Reading of DICOM files, with the extra ``dicom`` (pydicom)."""

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
# The parts of a functional group that say what values mean and how they are shown (PS3.3
# C.7.6.16.2), and what they stand for in files without such groups.
_GROUP_PARTS = {
    "PixelValueTransformationSequence": (
        "ModalityLUTSequence",
        "RescaleSlope",
        "RescaleIntercept",
        "RescaleType",
    ),
    "FrameVOILUTSequence": ("VOILUTSequence", "WindowCenter", "WindowWidth", "VOILUTFunction"),
}


def read_dicom(path: Path | str, mode: str, window: Window | None) -> Image.Image:
    """Read a DICOM image of one frame as ``mode``, ``"L"`` or ``"RGB"``.

    Gray values go through the file's rescale slope and intercept, or its modality table, and then
    through ``window``. If that is None, through the file's first table of gray values, or its first
    window, or the image's percentiles. Enhanced files have these in functional groups, shared or
    of the frame. MONOCHROME1 (white is low) is inverted. Color images must have 8 bits; palettes
    are looked up.

    Raises:
        MissingExtraError: pydicom is not installed.
        DataError: No pixels, several frames or too many pixels.
        ValueError: A table or a window's function that the standard does not have.
        Exception: What pydicom raises for a file that it cannot decode.
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
    _take_from_functional_groups(dataset, path)
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


def _take_from_functional_groups(dataset: Any, path: Path | str) -> None:
    """Copy the values of an enhanced file's functional groups to where other files have them.

    A group of the frame has priority over a shared one, and both over the file's top level.
    """
    for name in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        groups = dataset.get(name)
        if not groups:
            continue
        if len(groups) != 1:
            msg = f"{path} has {len(groups)} groups in {name}, expected one for its one frame"
            raise DataError(msg)
        for part, replaced in _GROUP_PARTS.items():
            found = groups[0].get(part)
            if not found:
                continue
            for element in replaced:
                if element in dataset:
                    del dataset[element]
            dataset.update(found[0])


def _color(pixels: NDArray[Any], path: Path | str) -> NDArray[np.uint8]:
    if pixels.dtype != np.uint8 or pixels.shape[2] != 3:
        msg = f"{path} holds {pixels.dtype} color of shape {pixels.shape}, expected uint8 RGB"
        raise DataError(msg)
    return pixels


def _gray(dataset: Any, pixels: NDArray[Any], window: Window | None) -> NDArray[np.uint8]:
    values = _modality_values(dataset, pixels)
    if window is None:
        values, window = _as_the_file_shows_it(dataset, values)
    gray = to_uint8(values, window)
    return 255 - gray if dataset.get("PhotometricInterpretation") == "MONOCHROME1" else gray


def _modality_values(dataset: Any, pixels: NDArray[Any]) -> NDArray[np.float64]:
    """Return the stored values in their unit, such as Hounsfield (DICOM PS3.3 C.11.1)."""
    if dataset.get("ModalityLUTSequence"):
        from pydicom.pixels.processing import apply_modality_lut

        return _look_up(apply_modality_lut, dataset, "ModalityLUTSequence", pixels)[0]
    slope = float(dataset.get("RescaleSlope", 1) or 1)
    return pixels.astype(np.float64) * slope + float(dataset.get("RescaleIntercept", 0) or 0)


def _as_the_file_shows_it(
    dataset: Any, values: NDArray[np.float64]
) -> tuple[NDArray[np.float64], Window | None]:
    """Return values for a linear window, and that window, by the first view (PS3.3 C.11.2)."""
    if dataset.get("VOILUTSequence"):
        from pydicom.pixels.processing import apply_voi

        values, largest = _look_up(apply_voi, dataset, "VOILUTSequence", values)
        return values, (0.0, largest)
    center, width = dataset.get("WindowCenter"), dataset.get("WindowWidth")
    if center is None or width is None:
        return values, None
    # Several windows are allowed; the first is the one that viewers show.
    center, width = (v if isinstance(v, str | float | int) else v[0] for v in (center, width))
    center, width = float(center), float(width)
    function = str(dataset.get("VOILUTFunction") or "LINEAR").upper()
    # The standard allows no narrower one; 0 stands in some files for no window.
    allowed = width >= 1 if function == "LINEAR" else width > 0
    if not (math.isfinite(center) and allowed and width < math.inf):
        return values, None
    match function:
        case "LINEAR":  # its ends in terms of pixel centers
            return values, (center - 0.5 - (width - 1) / 2, center - 0.5 + (width - 1) / 2)
        case "LINEAR_EXACT":
            return values, (center - width / 2, center + width / 2)
        case "SIGMOID":  # 1 / (1 + exp(-4 (x - c) / w)), which could overflow
            return np.tanh(2 * (values - center) / width), (-1.0, 1.0)
    msg = f"its VOI LUT function is {function!r}, expected LINEAR, LINEAR_EXACT or SIGMOID"
    raise ValueError(msg)


def _look_up(
    function: Any, dataset: Any, name: str, values: NDArray[Any]
) -> tuple[NDArray[np.float64], float]:
    """Return the values through a sequence's first table, and the largest value it can hold."""
    table = dataset[name][0]
    entries, first, bits = table.LUTDescriptor
    if not 8 <= bits <= 16:
        msg = f"its {name} has entries of {bits} bits, expected 8 to 16"
        raise ValueError(msg)
    # pydicom counts in the type of the entries and of the values, which wraps where there are more
    # than 256 entries of 8 bits, or values beyond the table.
    table.LUTDescriptor = [entries, first, 16]
    last = first + (entries or 1 << 16) - 1
    indices = np.clip(np.rint(values), first, last).astype(np.int64)
    return function(indices, dataset).astype(np.float64), float((1 << bits) - 1)
