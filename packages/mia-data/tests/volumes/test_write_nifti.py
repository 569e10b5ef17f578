"""Values of slices lie where their volume lies."""

import gzip

import numpy as np
import pytest
from mia_data import DataError, find_images, find_volumes, write_nifti

nibabel = pytest.importorskip("nibabel")


@pytest.fixture
def source(tmp_path):
    """A NIfTI-1 or NIfTI-2 file of 5 x 6 x 8 voxels, with a patient in its texts."""

    def save(kind=nibabel.Nifti1Image, shape=(5, 6, 8)):
        affine = np.array([(0, -0.6, 0, 3), (0.5, 0, 0.1, -4), (0, 0, 2, 5), (0, 0, 0, 1.0)])
        image = kind(np.arange(np.prod(shape), dtype=np.int16).reshape(shape), affine)
        image.header["descrip"] = b"Doe Jane"
        image.header["aux_file"] = b"doe.txt"
        image.set_qform(np.diag([1, 2, 3, 1.0]), code=2)
        image.set_sform(affine, code=4)
        (tmp_path / "in").mkdir()
        nibabel.save(image, tmp_path / "in/x.nii.gz")
        (volume,) = find_volumes(tmp_path / "in", ["x.nii.gz"])
        return volume, image

    return save


@pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image])
def test_a_file_has_the_place_of_its_source_and_none_of_its_texts(source, tmp_path, kind):
    volume, image = source(kind)
    values = np.zeros((4, *volume.image_shape), np.float32)
    write_nifti(volume, values, tmp_path / "out.nii.gz")
    found = nibabel.load(tmp_path / "out.nii.gz")
    assert type(found) is kind
    assert (found.shape, found.get_data_dtype()) == ((5, 6, 8), np.float32)
    np.testing.assert_array_equal(found.affine, image.affine)
    for form in ("get_qform", "get_sform"):
        (place, code), (expected, its_code) = (
            getattr(each.header, form)(coded=True) for each in (found, image)
        )
        assert code == its_code
        np.testing.assert_array_equal(place, expected)
    np.testing.assert_allclose(found.header.get_zooms(), image.header.get_zooms())
    data = gzip.decompress((tmp_path / "out.nii.gz").read_bytes())
    assert b"doe" not in data.lower()


def test_one_value_is_at_its_voxel(source, tmp_path):
    volume, _ = source()
    # The first axis of the file points to the front, the second to the left: rows of a slice go
    # against the first, and columns, which go to the left, along the second.
    assert (volume.numbers, volume.image_shape) == (range(2, 6), (5, 6))
    values = np.zeros((4, 5, 6), np.float32)
    values[1, 0, 2] = 7  # slice 3; the top row is the last voxel of the first axis
    write_nifti(volume, values, tmp_path / "out.nii")
    found = nibabel.load(tmp_path / "out.nii").get_fdata()
    assert found[4, 2, 3] == 7
    assert np.nansum(found) == 7
    np.testing.assert_array_equal(np.isnan(found).all(axis=(0, 1)), [1, 1, 0, 0, 0, 0, 1, 1])


def test_further_axes_of_one_voxel_are_kept(source, tmp_path):
    volume, _ = source(shape=(5, 6, 8, 1))
    write_nifti(volume, np.zeros((4, 5, 6), np.float32), tmp_path / "out.nii")
    assert nibabel.load(tmp_path / "out.nii").shape == (5, 6, 8, 1)


def test_a_series_is_written_by_column_row_and_slice(write_series, tmp_path, rng):
    write_series(rng.integers(0, 2000, (3, 4, 5)))
    (volume,) = find_volumes(tmp_path / "in", find_images(tmp_path / "in"))
    values = rng.normal(size=(3, 4, 5)).astype(np.float32)
    write_nifti(volume, values, tmp_path / "out.nii.gz")
    found = nibabel.load(tmp_path / "out.nii.gz")
    np.testing.assert_allclose(found.affine, volume.affine(), rtol=1e-6)
    np.testing.assert_array_equal(found.get_fdata(dtype=np.float32), values.transpose(2, 1, 0))
    # Column 4, row 2, slice 1 is at x = 5 + 4 * 0.8, y = 6 + 2 * 0.7 and z = 7 + 2.5.
    np.testing.assert_allclose(found.affine @ (4, 2, 1, 1), (-8.2, -7.4, 9.5, 1), rtol=1e-6)


def test_wrong_arguments_are_refused(source, tmp_path):
    volume, _ = source()
    with pytest.raises(DataError, match=r"expected values of the shape \(4, 5, 6\) for x\.nii\.gz"):
        write_nifti(volume, np.zeros((4, 6, 5), np.float32), tmp_path / "out.nii")
    with pytest.raises(DataError, match=r"ends in \.nii or \.nii\.gz"):
        write_nifti(volume, np.zeros((4, 5, 6), np.float32), tmp_path / "out.png")
    assert [path.name for path in tmp_path.iterdir()] == ["in"]
