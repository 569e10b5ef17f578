"""DICOM files of every depth, sign, encoding and view, against pydicom."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from dicom_files import expected_images, read_images
from mia_data import DataError
from outcome import Outcome, compare
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
    generate_uid,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_GROUP = "DICOM"
_SYNTAXES = {
    "implicit": ImplicitVRLittleEndian,
    "explicit": ExplicitVRLittleEndian,
    "big-endian": ExplicitVRBigEndian,
    "deflated": DeflatedExplicitVRLittleEndian,
    "RLE": RLELossless,
}
_SHAPE = (24, 18)
_VIEWS = ("percentiles", "window", "exact", "sigmoid", "table")


def outcomes() -> Iterator[Outcome]:
    """Read each combination of gray, and each of color."""
    for syntax, stored, signed, photometric, frames, view in itertools.product(
        _SYNTAXES, (8, 12, 16), (0, 1), ("MONOCHROME1", "MONOCHROME2"), (1, 2), _VIEWS
    ):
        sign = "signed" if signed else "unsigned"
        name = f"{syntax}, {stored} bits {sign}, {photometric}, {frames} frame(s), {view}"
        if view == "table" and signed:
            continue  # pydicom itself takes such tables for unsigned ones
        dataset = _gray(stored, signed, photometric, frames)
        _show(dataset, view)
        yield _outcome(name, dataset, syntax)
    for syntax, bits, planar, frames in itertools.product(_SYNTAXES, (8, 16), (0, 1), (1, 2)):
        name = f"{syntax}, RGB {bits} bits, planar configuration {planar}, {frames} frame(s)"
        yield _outcome(name, _color(bits, planar, frames), syntax)
    for syntax, bits, frames in itertools.product(_SYNTAXES, (8, 16), (1, 2)):
        if syntax == "big-endian":
            continue  # pydicom takes palettes in the machine's byte order
        name = f"{syntax}, palette of {bits} bits, {frames} frame(s)"
        yield _outcome(name, _palette(bits, frames), syntax)


def _outcome(name: str, dataset: Dataset, syntax: str) -> Outcome:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "x.dcm")
        _save(dataset, path, syntax)
        try:
            found = read_images(path)
        except DataError as error:
            return Outcome(_GROUP, name, refusal=str(error).replace(str(path), path.name))
        return compare(_GROUP, name, found, expected_images(path, len(found)))


def _save(dataset: Dataset, path: Path, syntax: str) -> None:
    uid = _SYNTAXES[syntax]
    if uid == ExplicitVRBigEndian and dataset.BitsAllocated == 16:
        dataset.PixelData = np.frombuffer(dataset.PixelData, "<u2").astype(">u2").tobytes()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian if syntax == "RLE" else uid
    if syntax == "RLE":
        dataset.compress(uid)
    dataset.save_as(path, enforce_file_format=True)


def _new(pixels: np.ndarray, frames: int, **elements: object) -> Dataset:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.SOPClassUID = CTImageStorage
    dataset.SOPInstanceUID = generate_uid()
    dataset.Rows, dataset.Columns = _SHAPE
    dataset.BitsAllocated = pixels.dtype.itemsize * 8
    dataset.BitsStored = dataset.BitsAllocated
    dataset.SamplesPerPixel, dataset.PixelRepresentation = 1, 0
    dataset.PixelData = pixels.tobytes()
    dataset["PixelData"].VR = "OB" if dataset.BitsAllocated == 8 else "OW"
    if frames > 1:
        dataset.NumberOfFrames = frames
    for name, value in elements.items():
        setattr(dataset, name, value)
    dataset.HighBit = dataset.BitsStored - 1
    return dataset


def _gray(stored: int, signed: int, photometric: str, frames: int) -> Dataset:
    rng = np.random.default_rng(stored)
    low, high = (-(1 << stored - 1), 1 << stored - 1) if signed else (0, 1 << stored)
    kind = ("i" if signed else "u") + ("1" if stored == 8 else "2")
    return _new(
        rng.integers(low, high, (frames, *_SHAPE)).astype(f"<{kind}"),
        frames,
        BitsStored=stored,
        PixelRepresentation=signed,
        PhotometricInterpretation=photometric,
        RescaleSlope="1.5",
        RescaleIntercept="-100",
    )


def _show(dataset: Dataset, view: str) -> None:
    if view == "table":
        del dataset.RescaleSlope, dataset.RescaleIntercept
        item = Dataset()
        item.LUTDescriptor = [200, 10, 12]
        entries = np.random.default_rng(1).integers(0, 4096, 200)
        item.add_new("LUTData", "US", entries.tolist())
        item["LUTDescriptor"].VR = "US"
        dataset.VOILUTSequence = [item]
    elif view != "percentiles":
        dataset.WindowCenter, dataset.WindowWidth = "60.5", "150"
        dataset.VOILUTFunction = {"window": "LINEAR", "exact": "LINEAR_EXACT"}.get(view, "SIGMOID")


def _color(bits: int, planar: int, frames: int) -> Dataset:
    rng = np.random.default_rng(bits)
    pixels = rng.integers(0, 1 << bits, (frames, *_SHAPE, 3)).astype(f"<u{bits // 8}")
    stored = np.moveaxis(pixels, -1, 1) if planar else pixels
    return _new(
        np.ascontiguousarray(stored),
        frames,
        SamplesPerPixel=3,
        PhotometricInterpretation="RGB",
        PlanarConfiguration=planar,
    )


def _palette(bits: int, frames: int) -> Dataset:
    rng = np.random.default_rng(bits)
    numbers = rng.integers(0, 256, (frames, *_SHAPE), dtype=np.uint8)
    dataset = _new(numbers, frames, PhotometricInterpretation="PALETTE COLOR")
    for color in ("Red", "Green", "Blue"):
        name = f"{color}PaletteColorLookupTable"
        entries = rng.integers(0, 1 << bits, 256).astype(f"<u{bits // 8}")
        dataset.add_new(f"{name}Descriptor", "US", [256, 0, bits])
        dataset.add_new(f"{name}Data", "OW", entries.tobytes())
    return dataset
