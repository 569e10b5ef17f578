"""Formats that maps of volumes are written in."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from mia_data import DicomVolume

from mia_bench.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mia_data import NiftiVolume

SOURCE, NIFTI, NONE = "source", "nifti", "none"
FORMATS = (SOURCE, NIFTI, NONE)


def check_format(
    name: str, volumes: Iterable[NiftiVolume | DicomVolume], *, anonymous: bool
) -> str:
    """Return the format that maps of volumes are written in, and check that it can be written.

    ``"source"`` with ``anonymous`` is ``"nifti"``: DICOM results name their patient.

    Raises:
        StudyError: An unknown format, or a package for it is not installed.
    """
    if name not in FORMATS:
        msg = f"expected volumes to be one of {', '.join(FORMATS)}, got {name!r}"
        raise StudyError(msg)
    chosen = NIFTI if anonymous and name == SOURCE else name
    series = [each for each in volumes if isinstance(each, DicomVolume)]
    package, extra = ("highdicom", "dicom") if chosen == SOURCE else ("nibabel", "nifti")
    if series and chosen != NONE and find_spec(package) is None:
        msg = (
            f"the maps of {len(series)} DICOM series need {package}: pip install "
            f"'mia-data[{extra}]'; or choose --volumes none"
        )
        raise StudyError(msg)
    return chosen
