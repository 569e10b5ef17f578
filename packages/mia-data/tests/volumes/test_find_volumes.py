"""Volumes are found with the geometry that their headers give."""

import mia_data
import numpy as np
import pytest
from mia_data import DataError, DicomVolume, NiftiVolume, find_images, find_volumes

nibabel = pytest.importorskip("nibabel")


def volumes(folder):
    return find_volumes(folder, find_images(folder))


def test_a_series_has_its_files_in_the_order_of_their_positions(write_series, tmp_path, rng):
    names = write_series(rng.integers(0, 2000, (3, 4, 5)))
    (found,) = volumes(tmp_path / "in")
    assert isinstance(found, DicomVolume)
    assert (found.id, found.name, found.files, found.images) == (
        "a",
        "a",
        tuple(names),
        found.files,
    )
    assert (found.image_shape, found.spacing, found.thickness) == ((4, 5), (0.7, 0.8), 2)
    np.testing.assert_allclose(found.positions, [(5, 6, 7), (5, 6, 9.5), (5, 6, 12)])
    # DICOM's x and y point to the left and back. A column is 0.8 wide, a row 0.7 high.
    np.testing.assert_allclose(
        found.affine(), [(-0.8, 0, 0, -5), (0, -0.7, 0, -6), (0, 0, 2.5, 7), (0, 0, 0, 1)]
    )


def test_the_affine_of_a_coronal_series(write_series, tmp_path, rng):
    write_series(rng.integers(0, 2000, (3, 4, 5)), axes=(1, 0, 0, 0, 0, -1))
    (found,) = volumes(tmp_path / "in")
    # Rows go down to the feet; slices along x cross -z, which is y, to the back.
    np.testing.assert_allclose(
        found.affine(), [(-0.8, 0, 0, -5), (0, 0, -2.5, -6), (0, -0.7, 0, 7), (0, 0, 0, 1)]
    )


def test_two_series_of_a_folder_are_called_after_their_first_files(write_series, tmp_path, rng):
    write_series(rng.integers(0, 2000, (2, 4, 5)))
    (tmp_path / "in/a/001.dcm").rename(tmp_path / "in/a/x.dcm")
    (tmp_path / "in/a/002.dcm").rename(tmp_path / "in/a/y.dcm")
    write_series(rng.integers(0, 2000, (3, 4, 5)))
    found = volumes(tmp_path / "in")
    assert [each.id for each in found] == ["a/001.dcm", "a/x.dcm"]
    assert [each.name for each in found] == ["a/001", "a/x"]


def test_radiographs_damaged_files_and_pictures_are_in_no_volume(
    write_series, tmp_path, rng, save_image
):
    write_series(rng.integers(0, 2000, (2, 4, 5)), ImagePositionPatient=None)
    save_image(tmp_path / "in/b.png")
    (tmp_path / "in/c.dcm").write_bytes(b"no DICOM")
    (tmp_path / "in/d.nii").write_bytes(b"no NIfTI")
    assert volumes(tmp_path / "in") == []


def test_frames_with_positions_are_a_volume(tmp_path):
    pydicom = pytest.importorskip("pydicom")
    from pydicom.data import get_testdata_file

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pydicom.data.data_manager.fetch_data_files", None, raising=False)
        path = get_testdata_file("rtdose.dcm", download=False)
    ds = pydicom.dcmread(path)
    groups = []
    for number in range(int(ds.NumberOfFrames)):
        group = pydicom.Dataset()
        plane, axes = pydicom.Dataset(), pydicom.Dataset()
        plane.ImagePositionPatient = [0, 0, 3 * number]
        axes.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        group.PlanePositionSequence, group.PlaneOrientationSequence = [plane], [axes]
        groups.append(group)
    ds.PerFrameFunctionalGroupsSequence = groups
    (tmp_path / "in").mkdir()
    ds.save_as(tmp_path / "in/x.dcm")
    (found,) = volumes(tmp_path / "in")
    assert (found.id, found.name, found.frames) == ("x.dcm", "x", 15)
    assert found.images == tuple(f"x.dcm#{i:03}" for i in range(15))
    decoded = mia_data.decode_files(tmp_path / "in", ["x.dcm"])
    assert tuple(image.id for image in decoded) == found.images
    np.testing.assert_array_equal(found.positions[:, 2], np.arange(15) * 3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"step": 0}, "has several slices in one place"),
        ({"PixelSpacing": None}, "has no pixel spacing or several"),
    ],
)
def test_a_volume_without_one_even_geometry_has_no_affine(
    write_series, tmp_path, rng, change, message
):
    write_series(rng.integers(0, 2000, (3, 4, 5)), **change)
    (found,) = volumes(tmp_path / "in")
    with pytest.raises(DataError, match=message):
        found.affine()


def test_a_missing_slice_is_told(write_series, tmp_path, rng):
    write_series(rng.integers(0, 2000, (4, 4, 5)))
    (tmp_path / "in/a/002.dcm").unlink()
    (found,) = volumes(tmp_path / "in")
    with pytest.raises(DataError, match=r"up to 1\.25 mm beside their places.*3\.75 mm"):
        found.affine()


@pytest.mark.parametrize("axes", ["RAS", "LPS", "PIR", "SAL", "ASR"])
@pytest.mark.parametrize("suffix", [".nii", ".Nii.GZ"])
def test_values_of_slices_return_to_the_voxels_they_were_read_from(tmp_path, rng, axes, suffix):
    from nibabel.orientations import axcodes2ornt, inv_ornt_aff

    # Values from 0 to 255 are read as they are, in whatever order the axes are stored.
    values = rng.permutation(np.arange(6 * 7 * 8) % 256).reshape(6, 7, 8).astype(np.int16)
    affine = inv_ornt_aff(axcodes2ornt(axes), values.shape) @ np.diag([0.5, 0.6, 2, 1])
    (tmp_path / "in").mkdir()
    path = tmp_path / f"in/x{suffix}"
    saved = path.with_name(path.name.lower())
    nibabel.save(nibabel.Nifti1Image(values, affine), saved)
    saved.rename(path)
    (found,) = volumes(tmp_path / "in")
    assert isinstance(found, NiftiVolume)
    assert (found.id, found.name, found.shape) == (path.name, "x", (6, 7, 8))
    np.testing.assert_allclose(found.affine, affine)
    images = list(mia_data.decode_files(tmp_path / "in", [path.name], window=(0, 255)))
    assert tuple(image.id for image in images) == found.images
    assert images[0].original.shape[1:] == found.image_shape
    stored = found.to_stored(np.array([i.original[0] for i in images], np.float32))
    known = np.isfinite(stored)
    np.testing.assert_array_equal(stored[known], values[known])
    # Half of the axial slices are read.
    axial = next(i for i, code in enumerate(nibabel.aff2axcodes(affine)) if code in "SI")
    assert known.sum() == values.size * len(found.numbers) / values.shape[axial]
