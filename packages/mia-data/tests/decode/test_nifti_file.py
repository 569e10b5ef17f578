"""Volumes whose data are bounded, complete and undamaged, or refused."""

import gzip
import tracemalloc

import nibabel
import numpy as np
import pytest
from mia_data.decode.nifti_file import read_header, read_values
from mia_data.errors import DataError


@pytest.fixture
def volume(tmp_path, rng):
    values = rng.integers(0, 900, (20, 30, 40)).astype(np.int16)
    nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), path := tmp_path / "v.nii.gz")
    return path


def test_the_content_and_not_the_suffix_says_whether_it_is_compressed(volume, tmp_path):
    expected = read_values(volume)[1]
    plain = tmp_path / "plain.nii.gz"
    plain.write_bytes(gzip.decompress(volume.read_bytes()))
    np.testing.assert_array_equal(read_values(plain)[1], expected)


@pytest.mark.parametrize("left", [10, 400, 20000])
def test_data_that_end_early_are_refused(volume, tmp_path, left):
    path = tmp_path / "short.nii"
    path.write_bytes(gzip.decompress(volume.read_bytes())[:left])
    with pytest.raises(DataError, match=r"short\.nii.*(ends after|not a NIfTI)"):
        read_values(path)


@pytest.mark.parametrize("place", [-8, -4])
def test_a_checksum_or_length_that_is_wrong_is_noticed(volume, place):
    data = bytearray(volume.read_bytes())
    data[place] ^= 1
    volume.write_bytes(data)
    with pytest.raises(gzip.BadGzipFile):
        read_values(volume)


def test_more_than_the_bound_is_refused_from_the_header(volume, monkeypatch):
    monkeypatch.setenv("MIA_MAX_BYTES", "40000")
    with pytest.raises(DataError, match=r"v\.nii\.gz takes more than 40000 bytes"):
        read_header(volume)


def test_data_behind_the_volume_are_counted_and_not_kept(tmp_path, monkeypatch):
    nibabel.save(nibabel.Nifti1Image(np.zeros((2, 2, 2), np.uint8), None), tmp_path / "v.nii")
    path = tmp_path / "bomb.nii.gz"
    path.write_bytes(gzip.compress((tmp_path / "v.nii").read_bytes() + bytes(32 << 20)))
    assert read_values(path)[1].shape == (2, 2, 2)
    monkeypatch.setenv("MIA_MAX_BYTES", str(16 << 20))
    tracemalloc.start()
    with pytest.raises(DataError, match=r"bomb\.nii\.gz takes more than 16777216 bytes"):
        read_values(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20


def test_a_header_of_two_files_is_refused(tmp_path):
    nibabel.Nifti1Pair(np.zeros((2, 2, 2), np.uint8), np.eye(4)).to_filename(tmp_path / "v.hdr")
    (tmp_path / "v.hdr").rename(tmp_path / "v.nii")
    with pytest.raises(DataError, match=r"v\.nii: it is not a NIfTI file that holds header and"):
        read_header(tmp_path / "v.nii")
