"""Inflation of files is refused before it happens."""

import struct
import tracemalloc

import numpy as np
import pydicom
import pytest
from mia_data.decode import dicom_bounds
from mia_data.decode.dicom_bounds import check_codestream, check_rle
from mia_data.decode.dicom_file import open_dicom, read_header
from mia_data.errors import DataError
from pydicom.uid import DeflatedExplicitVRLittleEndian


@pytest.fixture
def deflated(write_dicom):
    """A deflated file of zeros, and its pixels' number of bytes."""
    path = write_dicom(np.zeros((2000, 2000), np.uint16))
    dataset = pydicom.dcmread(path)
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    dataset.save_as(path)
    return path


def test_a_deflated_file_is_read_within_its_bound(deflated):
    assert open_dicom(deflated).pixels(0).shape == (2000, 2000)


@pytest.mark.parametrize("read", [open_dicom, read_header])
def test_a_deflated_file_beyond_its_bound_is_refused_without_inflating_it(
    deflated, monkeypatch, read
):
    monkeypatch.setenv("MIA_MAX_BYTES", str(1 << 21))
    read_header(pydicom.data.get_testdata_file("CT_small.dcm", download=False))  # imports
    tracemalloc.start()
    with pytest.raises(DataError, match=r"takes more than 2097152 bytes when it is inflated"):
        read(deflated)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6 << 20  # its pixels take 8 million bytes


def test_run_lengths_of_more_than_a_frame_are_refused(monkeypatch):
    monkeypatch.setattr(dicom_bounds, "_SMALL_SEGMENT", 0)
    runs = bytes((129, 7)) * 10 + bytes((1, 5, 6)) + bytes((128,))  # 10 runs of 128, two values
    frame = struct.pack("<16L", 1, 64, *[0] * 14) + runs
    check_rle("x.dcm", frame, 1282)
    with pytest.raises(DataError, match=r"x\.dcm has run lengths of more than the 1280 pixels"):
        check_rle("x.dcm", frame, 1280)


def _j2k(width, height):
    return b"\xff\x4f\xff\x51" + struct.pack(">HH4L", 41, 0, width + 3, height + 2, 3, 2)


def _jpeg(width, height, marker=0xC0):
    comment = b"\xff\xfe" + struct.pack(">H", 6) + b"text"
    frame = struct.pack(">BBHBHHB", 0xFF, marker, 17, 8, height, width, 3)
    return b"\xff\xd8" + comment + frame + bytes(10)


@pytest.mark.parametrize(
    "data", [_j2k, _jpeg, lambda w, h: _jpeg(w, h, 0xC3), lambda w, h: _jpeg(w, h, 0xF7)]
)
def test_data_of_another_size_than_the_file_says_are_refused(data):
    check_codestream("x.dcm", data(120, 100), 100, 120)
    with pytest.raises(DataError, match=r"frames are 120 x 100, and its data 65000 x 100; expec"):
        check_codestream("x.dcm", data(65000, 100), 100, 120)
