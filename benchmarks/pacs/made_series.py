"""CT-like series of 16 bits with everything that the standard asks of a CT image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

if TYPE_CHECKING:
    from pathlib import Path

SIDE, SLICES = 48, 12
# Slices, rows and columns of the lesion.
LESION = (slice(5, 8), slice(18, 26), slice(26, 36))


def values(seed: int, *, lesion: bool = False) -> np.ndarray:
    """Return Hounsfield units (N, H, W): a noisy cylinder in fat, with a bright block in it."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    inside = np.hypot(x, y) < 0.42 * SIDE
    found = np.where(inside, 60.0, -90.0) + rng.normal(0, 12, (SLICES, SIDE, SIDE))
    if lesion:
        found[LESION] += 700
    return np.rint(found)


def write_series(folder: Path, hounsfield: np.ndarray, *, name: str, number: str) -> None:
    """Write a series of a patient of this name and number."""
    folder.mkdir(parents=True)
    study, series, frame = (generate_uid() for _ in range(3))
    for i, pixels in enumerate(hounsfield):
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = CTImageStorage
        meta.MediaStorageSOPInstanceUID = generate_uid()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        ds = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
        ds.SOPClassUID, ds.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
        ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = study, series, frame
        elements = {
            "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
            "Modality": "CT",
            "Manufacturer": "nobody",
            "PatientName": name,
            "PatientID": number,
            "PatientBirthDate": "19700203",
            "PatientSex": "F",
            "StudyDate": "20240506",
            "StudyTime": "101112",
            "StudyID": "S1",
            "AccessionNumber": "A1",
            "ReferringPhysicianName": "Roe^Richard",
            "SeriesNumber": 3,
            "AcquisitionNumber": 1,
            "BodyPartExamined": "ABDOMEN",
            "PatientPosition": "HFS",
            "PositionReferenceIndicator": "",
            "KVP": 120,
            "ImagePositionPatient": [-20.0, -15.0, 100.0 + 2.5 * i],
            "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
            "PixelSpacing": [0.7, 0.8],
            "SliceThickness": 2.5,
            "InstanceNumber": i + 1,
            "SamplesPerPixel": 1,
            "PhotometricInterpretation": "MONOCHROME2",
            "BitsAllocated": 16,
            "BitsStored": 16,
            "HighBit": 15,
            "PixelRepresentation": 0,
            "RescaleSlope": 1,
            "RescaleIntercept": -1024,
            "RescaleType": "HU",
        }
        for key, value in elements.items():
            setattr(ds, key, value)
        ds.Rows, ds.Columns = pixels.shape
        ds.PixelData = (pixels + 1024).astype("<u2").tobytes()
        # The names are in another order than the slices.
        ds.save_as(folder / f"im{i * 7 % len(hounsfield):03}.dcm", enforce_file_format=True)
