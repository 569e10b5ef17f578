"""Volumes written for the test: which slices, which way up, one gray scale."""

import re
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
    path = write_nifti(labels)
    found = read_volume_mask(path, path)
    assert not found.is_empty
    mask = found.slices
    assert np.argwhere(mask == 255).tolist() == [[1, 2, 2], [2, 3, 3]]
    assert set(np.unique(mask)) == {0, 255}


LPS = np.diag([-1.0, -1, 3, 1])


def _moved(millimeters):
    affine = LPS.copy()
    affine[0, 3] = millimeters
    return affine


@pytest.mark.parametrize(
    ("affine", "shape"),
    [
        (np.eye(4), (6, 8, 4)),
        (_moved(400), (6, 8, 4)),
        (_moved(0.5), (6, 8, 4)),
        (np.diag([-2.0, -1, 3, 1]), (6, 8, 4)),
        (LPS[[1, 0, 2, 3]], (6, 8, 4)),
        (LPS, (6, 8, 5)),
        (LPS, (5, 8, 4)),
    ],
)
def test_a_mask_of_another_space_is_refused_with_both_affines(write_nifti, affine, shape):
    image = write_nifti(np.zeros((6, 8, 4), np.int16), LPS, "i.nii")
    mask = write_nifti(np.ones(shape, np.uint8), affine, "m.nii")
    with pytest.raises(DataError) as caught:
        read_volume_mask(mask, image)
    # The image's axes point to the left and back: turned, its first voxel is its last one.
    expected = r"m\.nii does not lie on .*i\.nii: .* the image 6 x 8 x 4 voxels and the affine "
    assert re.search(expected + r"\[1 0 0 -5; 0 1 0 -7; 0 0 3 0\]", str(caught.value))
    assert str(caught.value).count("affine [") == 2


def test_a_mask_without_an_affine_lies_on_an_image_without_one_only(write_nifti):
    nibabel = pytest.importorskip("nibabel")
    mask = write_nifti(np.ones((6, 8, 4), np.uint8))
    nibabel.save(nibabel.Nifti1Image(np.ones((6, 8, 4), np.uint8), None), mask)
    with pytest.raises(DataError, match="does not lie on"):
        read_volume_mask(mask, write_nifti(np.zeros((6, 8, 4), np.int16), LPS, "i.nii"))
    assert read_volume_mask(mask, mask).slices.all()


def test_a_mask_with_a_rounded_affine_or_another_order_of_axes_lies_on_its_image(write_nifti):
    labels = np.zeros((6, 8, 4), np.uint8)
    labels[1:3, 4, 2] = 1
    image = write_nifti(labels.astype(np.int16), LPS, "i.nii")
    expected = read_volume(image, (0, 1))
    rounded, flipped = LPS.copy(), np.diag([1.0, -1, 3, 1])
    rounded[:3] += 1e-3
    flipped[0, 3] = -5
    for affine, stored in (
        (rounded, labels),
        (flipped, labels[::-1]),
        (LPS[:, [2, 0, 1, 3]], labels.transpose(2, 0, 1)),
    ):
        mask = write_nifti(np.ascontiguousarray(stored), affine, "m.nii")
        np.testing.assert_array_equal(read_volume_mask(mask, image).slices, expected)


@pytest.mark.parametrize("dtype", [np.complex64, [("R", "u1"), ("G", "u1"), ("B", "u1")]])
def test_complex_values_and_color_are_refused(write_nifti, dtype):
    with pytest.raises(DataError, match=r"v\.nii\.gz holds .* values, expected whole numbers or"):
        slice_numbers(write_nifti(np.zeros((4, 4, 3), dtype)))


def test_an_affine_that_flattens_the_volume_is_refused(write_nifti):
    path = write_nifti(np.zeros((4, 4, 3), np.uint8), name="v.nii")
    data = bytearray(path.read_bytes())
    data[296:312] = bytes(16)  # the affine's second row
    path.write_bytes(data)
    with pytest.raises(DataError, match=r"v\.nii has an affine that is not invertible"):
        slice_numbers(path)


def _moved_mask(write_nifti, labels, affine):
    image = write_nifti(np.zeros((6, 8, 4), np.int16), LPS, "i.nii")
    return write_nifti(labels, affine, "m.nii"), image


def test_a_mask_with_other_voxels_is_brought_onto_its_image_where_that_is_asked_for(write_nifti):
    labels = np.zeros((6, 8, 4), np.uint8)
    labels[1:3, 4, 2] = 1
    image = write_nifti(labels.astype(np.int16), LPS, "i.nii")
    expected = read_volume(image, (0, 1))
    # Voxels of a half and a third of the size, around the center of each voxel of the image.
    fine = LPS @ np.diag([0.5, 1, 1 / 3, 1])
    fine[:3, 3] = (LPS @ [-0.25, 0, -1 / 3, 1])[:3]
    # A larger field of view that begins three voxels before the image.
    wide = LPS.copy()
    wide[:3, 3] = (LPS @ [-3, -3, -3, 1])[:3]
    for affine, stored in (
        (fine, labels.repeat(2, axis=0).repeat(3, axis=2)),
        (wide, np.pad(labels, 3)),
        (LPS, np.pad(labels, ((0, 2), (0, 0), (0, 1)))),
        (LPS[:, [2, 0, 1, 3]], labels.transpose(2, 0, 1)),
    ):
        mask = write_nifti(np.ascontiguousarray(stored), affine, "m.nii")
        found = read_volume_mask(mask, image, resample_mask=True)
        np.testing.assert_array_equal(found.slices, expected)


def test_a_mask_that_marks_nothing_of_its_image_is_refused(write_nifti):
    mask, image = _moved_mask(write_nifti, np.ones((6, 8, 4), np.uint8), _moved(400))
    with pytest.raises(DataError, match=r"m\.nii marks no voxel of .*i\.nii: it has 6 x 8"):
        read_volume_mask(mask, image, resample_mask=True)
    mask, image = _moved_mask(write_nifti, np.zeros((6, 8, 4), np.uint8), _moved(400))
    assert read_volume_mask(mask, image, resample_mask=True).is_empty


def test_nan_in_a_segmentation_is_refused(write_nifti):
    path = write_nifti(np.full((4, 4, 3), np.nan, np.float32))
    with pytest.raises(ValueError, match="it holds NaN"):
        read_volume_mask(path, path)


@pytest.mark.parametrize("name", ["v.NII.GZ", "v.NII", "v.Nii.gz", "v.nii.Gz"])
def test_a_suffix_in_any_case_is_read(write_nifti, tmp_path, name):
    path = write_nifti(np.zeros((2, 2, 4), np.uint8), name=name.lower())
    path = path.rename(tmp_path / name)
    assert slice_numbers(path) == range(1, 3)
    assert read_volume(path, (0, 1)).shape == (4, 2, 2)
    assert read_volume_mask(path, path).is_empty


@pytest.mark.parametrize("kind", ["Nifti1Image", "Nifti2Image"])
@pytest.mark.parametrize("dtype", ["<i2", ">i2", "<f8", ">u4", "i1"])
def test_values_are_those_of_nibabel(tmp_path, rng, kind, dtype):
    nibabel = pytest.importorskip("nibabel")
    header = getattr(nibabel, kind.replace("Image", "Header"))(
        endianness=">" if dtype[0] == ">" else "<"
    )
    header.set_data_dtype(np.dtype(dtype))
    values = rng.integers(0, 100, (3, 4, 5)).astype(dtype)
    image = getattr(nibabel, kind)(values, LPS, header)
    image.header.set_slope_inter(2, -7)
    path = tmp_path / "v.nii.gz"
    image.to_filename(path)
    expected = nibabel.as_closest_canonical(nibabel.load(path)).get_fdata()
    found = read_volume(path, (-7, 248))
    shown = np.clip(np.rint(expected + 7), 0, 255).transpose(2, 1, 0)[:, ::-1, ::-1]
    np.testing.assert_array_equal(found, shown)


def test_further_axes_of_one_voxel_do_not_matter(write_nifti, rng):
    volume = rng.integers(0, 100, (3, 4, 5)).astype(np.int16)
    expected = read_volume(write_nifti(volume), (0, 100))
    found = read_volume(write_nifti(volume[..., None, None]), (0, 100))
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 3, 2)])
def test_other_numbers_of_dimensions_are_refused(write_nifti, shape):
    with pytest.raises(DataError, match="expected three dimensions"):
        slice_numbers(write_nifti(np.zeros(shape, np.uint8)))


def test_without_nibabel_the_extra_is_named(write_nifti, monkeypatch):
    path = write_nifti(np.zeros((2, 2, 2), np.uint8))
    monkeypatch.setitem(sys.modules, "nibabel", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'mia-data\[nifti\]'"):
        slice_numbers(path)
