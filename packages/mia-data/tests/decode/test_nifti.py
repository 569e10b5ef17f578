"""Volumes written for the test: which slices, which way up, one gray scale."""

import sys

import numpy as np
import pytest
from mia_data.decode.nifti import read_volume, read_volume_mask, slice_numbers
from mia_data.errors import DataError, MissingExtraError


@pytest.fixture
def write_nifti(tmp_path):
    nibabel = pytest.importorskip("nibabel")

    def write(array, affine=None, name="v.nii.gz"):
        nibabel.save(
            nibabel.Nifti1Image(array, np.eye(4) if affine is None else affine),
            path := tmp_path / name,
        )
        return path

    return write


def test_top_is_anterior_and_left_is_the_patients_right(write_nifti):
    volume = np.zeros((6, 8, 4), np.int16)  # right, front, head
    volume[5, 7, 1] = 100
    pixels = read_volume(write_nifti(volume), (0, 100))
    assert pixels.shape == (4, 8, 6)
    assert np.argwhere(pixels).tolist() == [[1, 0, 0]]


def test_the_stored_order_of_axes_does_not_matter(write_nifti, rng):
    volume = rng.integers(0, 100, (6, 8, 4)).astype(np.int16)
    expected = read_volume(write_nifti(volume), (0, 100))
    # The same volume stored as (head, left, front).
    stored = volume.transpose(2, 0, 1)[:, ::-1]
    affine = np.array([[0, -1, 0, 5], [0, 0, 1, 0], [1, 0, 0, 0], [0, 0, 0, 1.0]])
    np.testing.assert_array_equal(read_volume(write_nifti(stored, affine), (0, 100)), expected)


def test_the_slices_are_those_of_the_middle_half(write_nifti):
    assert slice_numbers(write_nifti(np.zeros((2, 2, 100), np.uint8))) == range(25, 75)
    assert slice_numbers(write_nifti(np.zeros((2, 2, 1), np.uint8))) == range(1)
    assert slice_numbers(write_nifti(np.zeros((2, 2, 2), np.uint8))) == range(2)


def test_a_volume_has_one_gray_scale(write_nifti, rng):
    volume = rng.normal(50, 10, (20, 20, 10)).astype(np.float32)
    volume[..., 5] *= 0.5
    pixels = read_volume(write_nifti(volume), None).astype(float)
    low, high = np.percentile(volume, (0.5, 99.5))
    expected = np.clip((volume - low) / (high - low) * 255, 0, 255)
    np.testing.assert_allclose(pixels, expected.transpose(2, 1, 0)[:, ::-1, ::-1], atol=0.51)


def test_a_segmentation_is_abnormal_above_zero(write_nifti):
    labels = np.zeros((4, 4, 3), np.uint8)
    labels[0, 0, 2], labels[1, 1, 1] = 1, 4
    mask = read_volume_mask(write_nifti(labels))
    assert np.argwhere(mask == 255).tolist() == [[1, 2, 2], [2, 3, 3]]
    assert set(np.unique(mask)) == {0, 255}


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 3, 2)])
def test_other_numbers_of_dimensions_are_refused(write_nifti, shape):
    with pytest.raises(DataError, match="expected three dimensions"):
        slice_numbers(write_nifti(np.zeros(shape, np.uint8)))


def test_without_nibabel_the_extra_is_named(write_nifti, monkeypatch):
    path = write_nifti(np.zeros((2, 2, 2), np.uint8))
    monkeypatch.setitem(sys.modules, "nibabel", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'mia-data\[nifti\]'"):
        slice_numbers(path)
