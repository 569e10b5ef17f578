"""The elements of a DICOM file that hold for one of its frames."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mia_data.decode.lookup_table import LookupTable, read_table
from mia_data.errors import DataError

if TYPE_CHECKING:
    from mia_data.decode.dicom_file import DicomFile

_FUNCTIONS = ("LINEAR", "LINEAR_EXACT", "SIGMOID")
# The parts of a functional group that are read (PS3.3 C.7.6.16.2), and what they stand for in
# files without such groups.
_GROUP_PARTS = {
    "PixelValueTransformationSequence": (
        "ModalityLUTSequence",
        "RescaleSlope",
        "RescaleIntercept",
    ),
    "FrameVOILUTSequence": ("VOILUTSequence", "WindowCenter", "WindowWidth", "VOILUTFunction"),
    "PixelMeasuresSequence": ("PixelSpacing", "SliceThickness", "SpacingBetweenSlices"),
    "PlanePositionSequence": ("ImagePositionPatient",),
    "PlaneOrientationSequence": ("ImageOrientationPatient",),
}
_GROUPS = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")


@dataclass(frozen=True)
class FileWindow:
    """A window of gray values that a file gives (PS3.3 C.11.2.1.2 and C.11.2.1.3)."""

    center: float
    width: float
    function: str


@dataclass(frozen=True, eq=False)
class GrayScale:
    """The way from a frame's stored values to what is shown.

    Attributes:
        slope: Of the values' unit, such as Hounsfield.
        intercept: The same.
        modality_table: A table in place of slope and intercept, or None.
        voi_table: The first table of gray values, or None.
        window: The first window, which holds where there is no such table; or None.
    """

    slope: float
    intercept: float
    modality_table: LookupTable | None
    voi_table: LookupTable | None
    window: FileWindow | None


def frame_elements(dataset: Any, number: int, path: str) -> dict[str, Any]:
    """Return the values of a frame by keyword.

    A group of the frame has priority over a shared one, and both over the file's top level.

    Raises:
        DataError: There are more or fewer functional groups than frames.
    """
    elements = {
        name: dataset[name].value
        for names in _GROUP_PARTS.values()
        for name in names
        if name in dataset
    }
    frames = int(dataset.get("NumberOfFrames") or 1)
    for name, expected, index in zip(_GROUPS, (1, frames), (0, number), strict=True):
        groups = dataset.get(name)
        if not groups:
            continue
        if len(groups) != expected:
            msg = (
                f"{path} has {len(groups)} groups in {name}, expected {expected} for its "
                f"{frames} frame(s)"
            )
            raise DataError(msg)
        for part, replaced in _GROUP_PARTS.items():
            found = groups[index].get(part)
            if found:
                elements = {key: value for key, value in elements.items() if key not in replaced}
                elements.update({key: found[0][key].value for key in replaced if key in found[0]})
    return elements


def gray_scale(file: DicomFile, number: int) -> GrayScale:
    """Return the gray scale of a frame.

    Raises:
        DataError: As ``frame_elements``.
        ValueError: A table or a window's function that the standard does not have.
    """
    elements = frame_elements(file.dataset, number, file.path)
    signed = bool(file.dataset.get("PixelRepresentation", 0))
    modality = _table(elements, "ModalityLUTSequence", file, signed=signed)
    slope = float(elements.get("RescaleSlope") or 1)
    intercept = float(elements.get("RescaleIntercept") or 0)
    # What a table of gray values takes is in the unit that the modality has given.
    signed = modality is None and (signed or slope < 0 or intercept < 0)
    voi = _table(elements, "VOILUTSequence", file, signed=signed)
    window = None if voi is not None else _window(elements)
    return GrayScale(slope, intercept, modality, voi, window)


def _table(
    elements: dict[str, Any], name: str, file: DicomFile, *, signed: bool
) -> LookupTable | None:
    items = elements.get(name)
    if not items or "LUTDescriptor" not in items[0] or "LUTData" not in items[0]:
        return None
    return read_table(
        name,
        items[0].LUTDescriptor,
        items[0].LUTData,
        little_endian=file.is_little_endian,
        signed=signed,
    )


def _window(elements: dict[str, Any]) -> FileWindow | None:
    """Return the first window, which is the one that viewers show; None for one that is none."""
    center, width = (_first(elements.get(name)) for name in ("WindowCenter", "WindowWidth"))
    if center is None or width is None:
        return None
    function = str(elements.get("VOILUTFunction") or _FUNCTIONS[0]).upper()
    if function not in _FUNCTIONS:
        expected = f"{', '.join(_FUNCTIONS[:-1])} or {_FUNCTIONS[-1]}"
        msg = f"its VOI LUT function is {function!r}, expected {expected}"
        raise ValueError(msg)
    # The standard allows no narrower one; 0 stands in some files for no window.
    is_allowed = width >= 1 if function == "LINEAR" else width > 0
    if not (math.isfinite(center) and is_allowed and width < math.inf):
        return None
    return FileWindow(center, width, function)


def _first(value: Any) -> float | None:
    """Return a number, or the first of several; None for none."""
    if value is None or value == "":
        return None
    if isinstance(value, str | float | int):
        return float(value)
    return float(value[0]) if len(value) else None
