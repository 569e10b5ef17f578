"""Recognition of image files and their kinds."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from mia_data.files import OPEN_FLAGS

if TYPE_CHECKING:
    from pathlib import Path

PILLOW_SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp")
DICOM_SUFFIXES = (".dcm", ".dicom")
NIFTI_SUFFIXES = (".nii", ".nii.gz")
IMAGE_SUFFIXES = PILLOW_SUFFIXES + DICOM_SUFFIXES + NIFTI_SUFFIXES
_PREAMBLE = 128  # bytes of a DICOM file that mean nothing
_LAST_SUFFIXES = {f".{suffix.rpartition('.')[2]}" for suffix in IMAGE_SUFFIXES}


def is_image(path: Path | str) -> bool:
    """Tell whether a file is an image, and not a hidden one.

    By its suffix; DICOM files, which often have none or one of their own, by their first bytes too.
    """
    name = os.path.basename(path)  # noqa: PTH119
    if name.startswith("."):
        return False
    return name.lower().endswith(IMAGE_SUFFIXES) or is_dicom(path)


def is_volume(path: Path | str) -> bool:
    """Tell by its name whether a file holds many slices (NIfTI)."""
    return str(path).lower().endswith(NIFTI_SUFFIXES)


def is_dicom(path: Path | str) -> bool:
    """Tell whether a file is DICOM: by its suffix, or by content if that is no image's suffix.

    The directory of a medium (``DICOMDIR``) holds no image and is none.
    """
    name = os.path.basename(path).lower()  # noqa: PTH119
    if name.endswith(IMAGE_SUFFIXES):
        return name.endswith(DICOM_SUFFIXES)
    return name != "dicomdir" and _starts_as_dicom(path)


def _starts_as_dicom(path: Path | str) -> bool:
    """Tell whether a regular file has the four letters that follow a DICOM file's preamble."""
    try:
        handle = os.open(path, OPEN_FLAGS)
    except (OSError, ValueError):
        return False
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return False
        return os.read(handle, _PREAMBLE + 4)[_PREAMBLE:] == b"DICM"
    except OSError:
        return False
    finally:
        os.close(handle)


def without_suffix(name: str) -> str:
    """Return a path without its last suffix; ``.nii.gz`` counts as one."""
    stem, dot, suffix = name.rpartition(".")
    if not dot or f".{suffix}".lower() not in _LAST_SUFFIXES:
        return name
    return stem[:-4] if name.lower().endswith(".nii.gz") else stem
