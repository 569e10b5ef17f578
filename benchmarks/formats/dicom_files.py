"""pydicom's own test files against pydicom's modality and VOI functions."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pydicom
from mia_data import DataError, decode_files
from outcome import Outcome, compare
from pydicom.pixels import apply_color_lut, apply_modality_lut, apply_voi_lut, pixel_array

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(pydicom.__file__).parent / "data" / "test_files"
_OTHERS = (".txt", ".json", ".dump", ".icc", ".gz", ".py")


def outcomes() -> Iterator[Outcome]:
    """Read each file that is in pydicom's wheel."""
    for path in sorted(FOLDER.rglob("*")):
        if path.is_file() and path.suffix not in _OTHERS and path.name != "DICOMDIR":
            yield _outcome(path)


def _outcome(path: Path) -> Outcome:
    name = path.relative_to(FOLDER).as_posix()
    try:
        found = [np.squeeze(item.original) for item in _read(path)]
    except DataError as error:
        return Outcome("DICOM of pydicom", name, refusal=str(error).replace(str(path), name))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = _expected(path, len(found))
    return compare("DICOM of pydicom", name, found, expected)


def _read(path: Path) -> Iterator:
    header = pydicom.dcmread(path, force=True, stop_before_pixels=True)
    channels = 1 if str(header.get("PhotometricInterpretation")).startswith("MONO") else 3
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield from decode_files(path.parent, [path.name], size=8, channels=channels)


def _expected(path: Path, frames: int) -> list[np.ndarray]:
    """Return what pydicom shows of each frame, as 8 bits."""
    dataset = pydicom.dcmread(path, force=True)
    if "TransferSyntaxUID" not in dataset.file_meta:
        implicit, little = dataset.original_encoding
        plain = "1.2.840.10008.1.2.1" if little else "1.2.840.10008.1.2.2"
        dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2" if implicit else plain
    stored = [pixel_array(dataset, index=i) for i in range(frames)]
    photometric = dataset.PhotometricInterpretation
    if photometric == "PALETTE COLOR":
        colors = [apply_color_lut(each, dataset) for each in stored]
        return [_scaled(each, 0, np.iinfo(each.dtype).max).transpose(2, 0, 1) for each in colors]
    if not photometric.startswith("MONOCHROME"):
        top = (1 << dataset.BitsStored) - 1
        return [_scaled(each, 0, top).transpose(2, 0, 1) for each in stored]
    values = [apply_modality_lut(each, dataset) for each in stored]
    if "WindowWidth" in dataset or "VOILUTSequence" in dataset:
        # The window's two ends are the ends of the range of what is stored, in its unit.
        signed, bits = dataset.PixelRepresentation, dataset.BitsStored
        ends = np.array([-(1 << bits - 1), (1 << bits - 1) - 1] if signed else [0, (1 << bits) - 1])
        low, high = apply_modality_lut(ends, dataset)
        shown = [apply_voi_lut(each, dataset) for each in values]
    else:
        low, high = np.percentile(np.stack(values), (0.5, 99.5))
        if low == high:
            low, high = np.min(values), np.max(values)
        shown = values
    gray = [_scaled(each, low, high) for each in shown]
    return [255 - each for each in gray] if photometric == "MONOCHROME1" else gray


def _scaled(values: np.ndarray, low: float, high: float) -> np.ndarray:
    span = (high - low) or 1
    return np.clip((values.astype(float) - low) / span * 255, 0, 255)
