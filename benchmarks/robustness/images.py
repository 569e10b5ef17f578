"""Damaged images of every format are read right or refused."""

from __future__ import annotations

import io
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import mia_data
import numpy as np
from cases import Tally, run_cases
from damage import damaged
from PIL import Image

SIZE = 40
# Formats with checksums of all their data: a change is either noticed or changes no pixel.
CHECKED = ("png", "png-16", "nii.gz")


def tallies(count: int, seed: int) -> list[Tally]:
    """Return how reading ``count`` damaged files of all formats ended."""
    formats = sorted(originals())
    cases = [(formats[i % len(formats)], seed, i) for i in range(count)]
    return [run_cases("image files", read_damaged, cases)]


@cache
def originals() -> dict[str, tuple[str, bytes]]:
    """Return suffix and content of a whole file of each format."""
    rng = np.random.default_rng(0)
    smooth = np.cumsum(rng.normal(0, 4, (SIZE, SIZE)), 1) + 120
    gray = np.clip(smooth, 0, 255).astype(np.uint8)
    color = np.stack([gray, gray.T, 255 - gray], 2)
    deep = (gray.astype(np.uint16) << 6) + 7
    made = {
        "png": (".png", _saved(gray, "PNG")),
        "png-16": (".png", _saved(deep, "PNG")),
        "jpeg": (".jpg", _saved(gray, "JPEG")),
        "jpeg-color": (".jpg", _saved(color, "JPEG", progressive=True)),
        "bmp": (".bmp", _saved(color, "BMP")),
        "tiff": (".tif", _saved(gray, "TIFF")),
        "tiff-lzw": (".tif", _saved(color, "TIFF", compression="tiff_lzw")),
        "tiff-16": (".tif", _saved(deep, "TIFF", compression="tiff_adobe_deflate")),
    }
    return {**made, **_dicom(deep), **_nifti(gray)}


def _saved(pixels: np.ndarray, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


def _dicom(pixels: np.ndarray) -> dict[str, tuple[str, bytes]]:
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import (
        CTImageStorage,
        DeflatedExplicitVRLittleEndian,
        ExplicitVRLittleEndian,
        RLELossless,
        generate_uid,
    )

    made = {}
    for name, syntax in (
        ("dicom", ExplicitVRLittleEndian),
        ("dicom-deflated", DeflatedExplicitVRLittleEndian),
        ("dicom-rle", RLELossless),
    ):
        image = Dataset()
        image.file_meta = FileMetaDataset()
        image.file_meta.TransferSyntaxUID = (
            ExplicitVRLittleEndian if syntax is RLELossless else syntax
        )
        image.file_meta.MediaStorageSOPClassUID = image.SOPClassUID = CTImageStorage
        image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID = generate_uid()
        image.Rows, image.Columns = pixels.shape
        image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
        image.BitsAllocated, image.BitsStored, image.HighBit = 16, 16, 15
        image.PixelRepresentation = 0
        image.WindowCenter, image.WindowWidth = 8000, 16000
        image.PixelData = pixels.astype("<u2").tobytes()
        if syntax is RLELossless:
            image.compress(RLELossless)
        file = io.BytesIO()
        image.save_as(file, enforce_file_format=True)
        made[name] = (".dcm", file.getvalue())
    return made


def _nifti(pixels: np.ndarray) -> dict[str, tuple[str, bytes]]:
    import nibabel

    volume = np.repeat(pixels[:, :, None], 4, 2).astype(np.int16)
    with tempfile.TemporaryDirectory() as name:
        made = {}
        for suffix in (".nii", ".nii.gz"):
            path = Path(name, f"a{suffix}")
            nibabel.save(nibabel.Nifti1Image(volume, np.diag([2.0, 2.0, 3.0, 1.0])), path)
            made[suffix.removeprefix(".")] = (suffix, path.read_bytes())
    return made


def read_damaged(case: tuple[str, int, int]) -> str:
    """Read one damaged file as a folder of images."""
    name, seed, number = case
    suffix, content = originals()[name]
    bad = damaged(content, np.random.default_rng([seed, number]))
    try:
        found = _read(suffix, bad)
    except mia_data.DataError as error:
        return "refused" if _is_line(error) else f"wrong: not one line: {str(error)[:200]!r}"
    if found.dtype != np.uint8 or found.shape[1:] != (1, SIZE, SIZE):
        return f"wrong: images {found.dtype} {found.shape}"
    if name in CHECKED and not np.array_equal(found, _read(suffix, content)):
        return "wrong: other pixels, and a checksum that does not fit them"
    return "right"


def _read(suffix: str, content: bytes) -> np.ndarray:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "images")
        folder.mkdir()
        (folder / f"a{suffix}").write_bytes(content)
        found = mia_data.from_folder(folder, size=SIZE, cache_dir=Path(name, "cache"))
        return np.array(found.images)


def _is_line(error: Exception) -> bool:
    text = str(error)
    return bool(text) and text.isprintable()
