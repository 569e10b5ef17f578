"""CT-like series with everything that a CT image needs, made for one test."""

import numpy as np
import pytest


@pytest.fixture
def write_series(tmp_path):
    """Write values (N, H, W) as slices along the normal of ``axes``; return their files in order.

    The names of the files are in the reverse order of the positions.
    """
    pydicom = pytest.importorskip("pydicom")
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

    def write(values, *, folder="in/a", axes=(1, 0, 0, 0, 1, 0), step=2.5, **elements):
        shared = {
            "SOPClassUID": CTImageStorage,
            "StudyInstanceUID": generate_uid(),
            "SeriesInstanceUID": generate_uid(),
            "FrameOfReferenceUID": generate_uid(),
            "Modality": "CT",
            "PatientName": "Doe^Jane",
            "PatientID": "P-1",
            "PatientBirthDate": "19700203",
            "PatientSex": "F",
            "StudyDate": "20240506",
            "StudyTime": "101112.5",
            "StudyID": "S1",
            "AccessionNumber": "A1",
            "ReferringPhysicianName": "Roe^Richard",
            "SeriesNumber": 3,
            "ImageOrientationPatient": list(axes),
            "PixelSpacing": [0.7, 0.8],
            "SliceThickness": 2,
            "RescaleSlope": 1,
            "RescaleIntercept": -1024,
            **elements,
        }
        normal = np.cross(axes[:3], axes[3:])
        names = []
        for i, pixels in enumerate(values):
            meta = FileMetaDataset()
            meta.MediaStorageSOPClassUID = CTImageStorage
            meta.MediaStorageSOPInstanceUID = generate_uid()
            meta.TransferSyntaxUID = ExplicitVRLittleEndian
            ds = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
            ds.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
            for key, value in shared.items():
                setattr(ds, key, value)
            if "ImagePositionPatient" not in elements:
                ds.ImagePositionPatient = [float(v) for v in (5, 6, 7) + normal * (i * step)]
            ds.InstanceNumber = i + 1
            ds.Rows, ds.Columns = pixels.shape
            ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
            ds.BitsAllocated = ds.BitsStored = 16
            ds.HighBit, ds.PixelRepresentation = 15, 0
            ds.PixelData = pixels.astype("<u2").tobytes()
            names.append(f"{folder}/{len(values) - i:03}.dcm")
            path = tmp_path / names[-1]
            path.parent.mkdir(parents=True, exist_ok=True)
            pydicom.dcmwrite(path, ds, enforce_file_format=True)
        return [name.removeprefix("in/") for name in names]

    return write
