"""DICOM and NIfTI files are scored as the pixels in them."""

from __future__ import annotations

import csv

import mia_bench
import numpy as np
import pytest
from PIL import Image


def test_dicom_and_nifti_files_are_scored_like_the_same_pixels(model, mixed, tmp_path, write_dicom):
    nibabel = pytest.importorskip("nibabel")
    folder = tmp_path / "in"
    folder.mkdir()
    # The lesion is clipped at 255, so that the volume's own percentiles are 0 and 255.
    brighter = np.asarray(Image.open(mixed[0] / "x00.png")) * 1.5
    pixels = brighter.clip(0, 255).astype(np.uint8)
    Image.fromarray(pixels).save(folder / "a.png")
    write_dicom(folder / "b.dcm", pixels.astype(np.uint16) * 16, window=(0, 255 * 16))
    # Its first axis runs to the patient's right, its second to the front.
    volume = pixels[::-1, ::-1].T[:, :, None].astype(np.int16)
    nibabel.save(nibabel.Nifti1Image(volume, np.eye(4)), folder / "c.nii.gz")
    found = mia_bench.score(model=model, images=folder, out=tmp_path / "out")
    with (found.out / "scores.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["file"] for row in rows] == ["a.png", "b.dcm", "c.nii.gz#000"]
    scores = [float(row["score"]) for row in rows]
    np.testing.assert_allclose(scores, scores[0], rtol=1e-3)
    size = Image.open(found.out / "heatmaps" / "c.nii.gz#000.png").size
    assert size == pixels.shape[::-1]


@pytest.fixture
def write_dicom():
    """Write 16-bit gray pixels as DICOM with a window (low, high)."""
    pydicom = pytest.importorskip("pydicom")
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

    def write(path, pixels, *, window):
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
        meta.MediaStorageSOPInstanceUID = generate_uid()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        file = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
        file.SOPClassUID, file.SOPInstanceUID = meta[0x00020002].value, meta[0x00020003].value
        file.Rows, file.Columns = pixels.shape
        file.SamplesPerPixel, file.PhotometricInterpretation = 1, "MONOCHROME2"
        file.BitsAllocated, file.BitsStored, file.HighBit = 16, 16, 15
        file.PixelRepresentation = 0
        low, high = window
        file.WindowCenter, file.WindowWidth = (low + high + 1) / 2, high - low + 1
        file.PixelData = pixels.astype("<u2").tobytes()
        pydicom.dcmwrite(path, file, enforce_file_format=True)

    return write
