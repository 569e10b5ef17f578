"""DICOM files made for one test."""

import numpy as np
import pytest


@pytest.fixture
def write_dicom(tmp_path):
    """Write pixels, (H, W), (H, W, 3) or frames of one of them, with these elements."""
    pydicom = pytest.importorskip("pydicom")
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

    def write(pixels, *, name="x.dcm", syntax=ExplicitVRLittleEndian, **elements):
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = CTImageStorage
        meta.MediaStorageSOPInstanceUID = generate_uid()
        meta.TransferSyntaxUID = syntax
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        ds = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
        ds.SOPClassUID = CTImageStorage
        is_color = pixels.ndim > 2 and pixels.shape[-1] == 3
        frame = pixels.shape[-3:] if is_color else pixels.shape[-2:]
        if pixels.ndim > len(frame):
            ds.NumberOfFrames = len(pixels)
        ds.Rows, ds.Columns = frame[:2]
        ds.SamplesPerPixel = 3 if is_color else 1
        ds.PhotometricInterpretation = "RGB" if is_color else "MONOCHROME2"
        if is_color:
            ds.PlanarConfiguration = 0
        ds.BitsAllocated = ds.BitsStored = pixels.dtype.itemsize * 8
        ds.HighBit = ds.BitsStored - 1
        ds.PixelRepresentation = int(pixels.dtype.kind == "i")
        data = pixels.tobytes()
        ds.PixelData = data + b"\0" * (len(data) % 2)
        for key, value in elements.items():
            setattr(ds, key, value)
        pydicom.dcmwrite(path, ds, enforce_file_format=True)
        return path

    return write


@pytest.fixture
def write_slices(write_dicom, rng):
    """Write a series of slices, whose names are in another order than their positions."""
    from pydicom.uid import generate_uid

    def write(names, *, folder="in", series=None, axes=(1, 0, 0, 0, 1, 0), step=2.5, **elements):
        series = series or generate_uid()
        normal = np.cross(axes[:3], axes[3:])
        values = rng.integers(-900, 2000, (len(names), 10, 12)).astype(np.int16)
        for i, name in enumerate(names):
            write_dicom(
                values[i],
                name=f"{folder}/{name}",
                SeriesInstanceUID=series,
                ImagePositionPatient=[float(v) for v in (5, 6, 7) + normal * (i * step)],
                ImageOrientationPatient=list(axes),
                PixelSpacing=[0.7, 0.8],
                InstanceNumber=str(len(names) - i),
                **elements,
            )
        return values

    return write
