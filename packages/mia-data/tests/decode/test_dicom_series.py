"""Slices of a series: their order in space, and one gray scale."""

import numpy as np
import pytest
from mia_data import DataError, decode_files, find_images, from_folder
from mia_data.decode.dicom_series import find_place, slice_order

NAMES = ["c.dcm", "a.dcm", "e.dcm", "b.dcm", "d.dcm"]


@pytest.mark.parametrize(
    "axes", [(1, 0, 0, 0, 1, 0), (0, 1, 0, 0, 0, -1), (0.8, 0.6, 0, 0, 0, -1), (-1, 0, 0, 0, 1, 0)]
)
def test_slices_are_sorted_by_position(write_slices, tmp_path, axes):
    values = write_slices(NAMES, axes=axes)
    assert find_images(tmp_path / "in") == NAMES
    loaded = from_folder(tmp_path / "in", size=12)
    assert loaded.ids == tuple(name.removesuffix(".dcm") for name in NAMES)
    low, high = np.percentile(values, (0.5, 99.5))
    expected = np.clip((values - low) / (high - low) * 255, 0, 255)
    streamed = list(decode_files(tmp_path / "in", find_images(tmp_path / "in"), size=12))
    np.testing.assert_allclose([item.original[0] for item in streamed], expected, atol=0.51)
    np.testing.assert_array_equal(loaded.images, [item.image for item in streamed])


def test_positions_are_along_the_direction_of_the_slices(write_slices, tmp_path):
    write_slices(["a.dcm", "b.dcm"], axes=(0, 1, 0, 0, 0, -1))
    first, second = (find_place(str(tmp_path / "in" / name)) for name in ("a.dcm", "b.dcm"))
    assert second.position - first.position == pytest.approx(2.5)
    assert first.volume == second.volume


def test_a_volume_stands_where_its_first_file_stood(write_slices, tmp_path, save_image):
    write_slices(["f.dcm", "b.dcm"])
    write_slices(["e.dcm", "a.dcm", "z.dcm"])
    save_image(tmp_path / "in/c.png")
    save_image(tmp_path / "in/z1.png")
    order = ["e.dcm", "a.dcm", "z.dcm", "f.dcm", "b.dcm", "c.png", "z1.png"]
    assert find_images(tmp_path / "in") == order
    paths = [str(tmp_path / "in" / name) for name in sorted(order)]
    places = [find_place(path) for path in paths]
    mixed = slice_order(paths, places, [0, 0, 0, 1, 0, 0, 0])  # e.dcm is of another class
    assert [sorted(order)[i] for i in mixed][:2] == ["a.dcm", "z.dcm"]


def test_slices_in_one_place_are_sorted_by_their_number(write_slices, tmp_path):
    write_slices(["a.dcm", "b.dcm", "c.dcm"], step=0)
    assert find_images(tmp_path / "in") == ["c.dcm", "b.dcm", "a.dcm"]


def test_a_localizer_of_the_same_series_is_a_volume_of_its_own(write_slices, tmp_path):
    write_slices(["m.dcm", "n.dcm"], series="1.2.3")
    write_slices(["a.dcm"], series="1.2.3", axes=(0, 1, 0, 0, 0, -1))
    places = [find_place(str(tmp_path / "in" / name)) for name in ("a.dcm", "m.dcm", "n.dcm")]
    assert places[0].volume != places[1].volume == places[2].volume


def test_radiographs_have_no_place_and_keep_their_names_order(write_dicom, tmp_path, rng):
    for name in ("b.dcm", "a.dcm"):
        pixels = rng.integers(0, 900, (4, 5)).astype(np.uint16)
        write_dicom(pixels, name=f"in/{name}", SeriesInstanceUID="1.2.3")
    assert find_images(tmp_path / "in") == ["a.dcm", "b.dcm"]
    assert find_place(str(tmp_path / "in/a.dcm")) is None


def test_a_window_of_the_file_goes_before_the_scale_of_the_series(write_slices, tmp_path):
    values = write_slices(["a.dcm", "b.dcm"], WindowCenter="40", WindowWidth="400")
    found = next(decode_files(tmp_path / "in", ["b.dcm"])).original[0]
    expected = np.clip(((values[1] - 39.5) / 399 + 0.5) * 255, 0, 255)
    np.testing.assert_allclose(found, expected, atol=0.51)


def test_a_slice_alone_has_the_gray_scale_of_its_series(write_slices, tmp_path):
    values = write_slices(["a.dcm", "b.dcm", "c.dcm"])
    low, high = np.percentile(values, (0.5, 99.5))
    expected = np.clip((values[1] - low) / (high - low) * 255, 0, 255)
    found = next(decode_files(tmp_path / "in", ["b.dcm"])).original[0]
    np.testing.assert_allclose(found, expected, atol=0.51)


def test_a_damaged_slice_is_the_only_one_that_is_not_read(write_slices, tmp_path):
    write_slices(["a.dcm", "b.dcm", "c.dcm"])
    path = tmp_path / "in/b.dcm"
    path.write_bytes(path.read_bytes()[:-30])
    told = []
    found = decode_files(
        tmp_path / "in", find_images(tmp_path / "in"), on_error=lambda *what: told.append(what)
    )
    assert [item.file for item in found] == ["a.dcm", "c.dcm"]
    assert [name for name, _ in told] == ["b.dcm"]
    with pytest.raises(DataError, match=r"cannot read .*b\.dcm"):
        from_folder(tmp_path / "in")


def test_images_know_their_volume(write_slices, write_dicom, tmp_path, save_image, rng):
    nib = pytest.importorskip("nibabel")
    write_slices(["k.dcm", "b.dcm"], series="1.2.3")
    write_slices(["m.dcm"], series="1.2.3", axes=(0, 1, 0, 0, 0, -1))  # the series' localizer
    write_slices(["w.dcm"])
    frames = rng.integers(0, 900, (3, 10, 12)).astype(np.uint16)
    write_dicom(frames, name="in/f.dcm", NumberOfFrames=3)
    save_image(tmp_path / "in/p.png")
    scan = nib.Nifti1Image(rng.random((8, 9, 2)), np.eye(4))
    nib.save(scan, tmp_path / "in/v.nii.gz")
    cache = {"size": 8, "cache_dir": tmp_path / "cache"}
    for _ in range(2):  # decoded, then from the cache
        found = from_folder(tmp_path / "in", "train", **cache)
        by_id = dict(zip(found.ids, found.volumes, strict=True))
        assert by_id == {
            **dict.fromkeys(("k", "b", "m"), "k"),
            **{f"f#{i:03d}": "f" for i in range(3)},
            "p": "p",
            "w": "w",
            **{f"v#{i:03d}": "v" for i in range(2)},
        }


def test_images_that_are_no_slices_have_no_volumes(tmp_path, save_image):
    save_image(tmp_path / "in/p.png")
    assert from_folder(tmp_path / "in", "train", size=8).volumes is None
