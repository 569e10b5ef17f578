"""Headers of the files that a DICOM result refers to."""

from __future__ import annotations

import logging
import warnings
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mia_data.decode.dicom_file import read_header
from mia_data.errors import DataError, MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mia_data.volumes.dicom_volume import DicomVolume

# Elements of patient and study that every result has, empty where they are not known (type 2).
_TEXTS = ("PatientID", "AccessionNumber", "StudyID")
_NAMES = ("PatientName", "ReferringPhysicianName")
_DATES = {"PatientBirthDate": ("%Y%m%d",), "StudyDate": ("%Y%m%d",)}
_TIMES = ("%H%M%S.%f", "%H%M%S", "%H%M", "%H")
_SEXES = ("M", "F", "O")
_NEEDED = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID")


def import_highdicom(path: Path | str) -> Any:
    """Return highdicom, which writes ``path``.

    Raises:
        MissingExtraError: It is not installed.
    """
    try:
        import highdicom
    except ImportError as error:
        msg = f"writing {path} needs highdicom: pip install 'mia-data[dicom]'"
        raise MissingExtraError(msg) from error
    return highdicom


def source_headers(volume: DicomVolume) -> list[Any]:
    """Return the headers of a volume's files, as pydicom's, with all that a result copies.

    Texts are Unicode. Dates, times and the sex are empty where they are not what the standard
    allows, and so is what is missing.

    Raises:
        DataError: A file cannot be read, or has no UID that a result refers to.
    """
    headers = [_header(volume, file) for file in volume.files]
    for name in ("StudyInstanceUID", "FrameOfReferenceUID"):
        if len({str(header.get(name)) for header in headers}) > 1:
            msg = f"the files of the DICOM volume {volume.id} differ in {name}, expected one"
            raise DataError(msg)
    return headers


def _header(volume: DicomVolume, file: str) -> Any:
    with silent(f"cannot read {file}"):
        header = read_header(volume.folder / file)
        missing = [name for name in (*_NEEDED, "FrameOfReferenceUID") if not header.get(name)]
        texts = {name: str(header.get(name) or "") for name in (*_TEXTS, *_NAMES)}
        dates = {name: _known(header.get(name), kinds) for name, kinds in _DATES.items()}
        time = _known(header.get("StudyTime"), _TIMES)
        sex = str(header.get("PatientSex") or "")
    if missing:
        msg = f"{file} has no {' and no '.join(missing)}, expected what a result refers to"
        raise DataError(msg)
    # Everything is written anew in this character set, whatever the source had.
    header.SpecificCharacterSet = "ISO_IR 192"
    for name, text in {**texts, **dates, "StudyTime": time}.items():
        setattr(header, name, text)
    header.PatientSex = sex if sex in _SEXES else ""
    return header


def _known(value: Any, kinds: tuple[str, ...]) -> str:
    """Return a date or time as it is written; empty where it is none."""
    text = str(value or "").strip()
    for kind in kinds:
        try:
            datetime.strptime(text, kind)
        except ValueError:
            continue
        return text
    return ""


@contextmanager
def silent(what: str) -> Iterator[None]:
    """Keep quiet what pydicom and highdicom say inside the block: it may name the patient.

    Raises:
        DataError: ``what`` and the kind of any other exception inside the block.
    """
    # What they log has the level of these two, unless it has one of its own.
    loggers = [logging.getLogger(name) for name in ("highdicom", "pydicom")]
    before = [logger.level for logger in loggers]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for logger in loggers:
                logger.setLevel(logging.CRITICAL + 1)
            yield
    except (DataError, OSError):
        raise
    except Exception as error:
        # Its message may hold values of the patient's elements.
        msg = f"{what}: {type(error).__name__} in its DICOM elements"
        raise DataError(msg) from None
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
