"""Radiographs by the rule of the study's authors."""

import numpy as np
import pytest
from mia_data.errors import DataError
from mia_data.prepare.radiograph import read_radiograph
from PIL import Image


def _resized(gray):
    return np.asarray(Image.fromarray(gray).resize((512, 512), Image.Resampling.BILINEAR))


def test_white_that_is_low_becomes_high(write_dicom, rng):
    byte = rng.integers(3, 250, (10, 14), dtype=np.uint8)
    path = write_dicom(byte, PhotometricInterpretation="MONOCHROME1")
    assert np.array_equal(np.asarray(read_radiograph(path)), _resized(byte.max() - byte))
    deep = rng.integers(-700, 900, (10, 14)).astype(np.int16)
    path = write_dicom(deep, name="deep.dcm", PhotometricInterpretation="MONOCHROME1")
    whole = (deep.max() - deep.astype(float)) / float(int(deep.max()) - int(deep.min())) * 255
    assert np.array_equal(np.asarray(read_radiograph(path)), _resized(whole.astype(np.uint8)))


def test_the_whole_range_of_16_bits_does_not_overflow(write_dicom):
    values = np.array([[-32768, 32767], [0, -16384]], np.int16)
    gray = np.array([[0, 255], [127, 63]], np.uint8)
    assert np.array_equal(np.asarray(read_radiograph(write_dicom(values))), _resized(gray))


@pytest.mark.parametrize(
    ("pixels", "parts"),
    [
        (np.zeros((8, 8, 3), np.uint8), ["1 frame(s) of RGB", "MONOCHROME1"]),
        (np.zeros((2, 8, 8), np.uint8), ["2 frame(s) of MONOCHROME2"]),
        (np.full((8, 8), 7, np.uint16), ["the value 7 in all pixels"]),
    ],
)
def test_what_is_no_radiograph_is_refused(write_dicom, one_line, pixels, parts):
    with pytest.raises(DataError, match=one_line(*parts)):
        read_radiograph(write_dicom(pixels))


def test_what_is_no_dicom_file_is_refused(tmp_path, one_line):
    (tmp_path / "x.dcm").write_bytes(b"hello" * 100)
    with pytest.raises(DataError, match=one_line("x.dcm")):
        read_radiograph(tmp_path / "x.dcm")
