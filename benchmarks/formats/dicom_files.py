"""pydicom's own test files against pydicom's modality and VOI functions."""

from __future__ import annotations

import shutil
import tempfile
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
_GROUP = "DICOM of pydicom"
_OTHERS = (".txt", ".json", ".dump", ".icc", ".gz", ".py")


def outcomes() -> Iterator[Outcome]:
    """Read each file that is in pydicom's wheel."""
    for path in sorted(FOLDER.rglob("*")):
        if path.is_file() and path.suffix not in _OTHERS and path.name != "DICOMDIR":
            yield _outcome(path)


def _outcome(original: Path) -> Outcome:
    name = original.relative_to(FOLDER).as_posix()
    # Alone, because the slices of a series in one folder have one gray scale.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(shutil.copy(original, folder))
        try:
            found = read_images(path)
        except DataError as error:
            return Outcome(_GROUP, name, refusal=str(error).replace(str(path), path.name))
        return compare(_GROUP, name, found, expected_images(path, len(found)))


def read_images(path: Path) -> list[np.ndarray]:
    """Return the images of a file, (H, W) of gray or (3, H, W) of color."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        header = pydicom.dcmread(path, force=True, stop_before_pixels=True)
        is_gray = str(header.get("PhotometricInterpretation")).startswith("MONO")
        channels = 1 if is_gray else 3
        found = decode_files(path.parent, [path.name], size=8, channels=channels)
        return [np.squeeze(item.original) for item in found]


def expected_images(path: Path, frames: int) -> list[np.ndarray]:
    """Return what pydicom shows of each frame, as 8 bits."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _expected(path, frames)


def _expected(path: Path, frames: int) -> list[np.ndarray]:
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
    if "VOILUTSequence" in dataset:
        low, high = 0, (1 << dataset.VOILUTSequence[0].LUTDescriptor[2]) - 1
        shown = [apply_voi_lut(each, dataset) for each in values]
    elif "WindowWidth" in dataset:
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
