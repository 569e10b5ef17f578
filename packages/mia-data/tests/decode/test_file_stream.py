"""Streamed images are those of from_folder, with the originals they were made of."""

import mia_data
import numpy as np
import pytest
from mia_data import DataError, decode_files, find_images
from PIL import Image


@pytest.fixture
def folder(tmp_path, save_image):
    """Seven gray images of different sizes."""
    for i in range(7):
        save_image(tmp_path / "in" / f"{i}.png", size=(20 + 3 * i, 31 - 2 * i))
    return tmp_path / "in"


@pytest.mark.parametrize("resize", ["squash", "short_side"])
@pytest.mark.parametrize(("channels", "resample"), [(1, "bilinear"), (3, "lanczos")])
def test_images_are_those_of_from_folder(folder, channels, resize, resample):
    how = {"size": 16, "channels": channels, "resize": resize, "resample": resample}
    expected = mia_data.from_folder(folder, "test", **how)
    streamed = list(decode_files(folder, find_images(folder), **how))
    np.testing.assert_array_equal([item.image for item in streamed], expected.images)
    assert [item.id for item in streamed] == [f"{name}.png" for name in expected.ids]


def test_originals_keep_their_size_and_pixels(folder):
    for item in decode_files(folder, find_images(folder), size=16):
        pixels = np.asarray(Image.open(folder / item.file))
        np.testing.assert_array_equal(item.original, pixels[None])
        assert item.box == (0, 0, pixels.shape[1], pixels.shape[0])


def test_the_box_is_the_part_that_the_crop_keeps(tmp_path, save_image):
    pixels = np.zeros((20, 60), np.uint8)
    pixels[:, 20:40] = 255
    save_image(tmp_path / "wide.png", pixels)
    save_image(tmp_path / "tall.png", np.ascontiguousarray(pixels.T))
    tall, wide = decode_files(tmp_path, ["tall.png", "wide.png"], size=10, resize="short_side")
    assert wide.box == (20, 0, 40, 20)
    assert tall.box == (0, 20, 20, 40)
    for item in (tall, wide):
        left, top, right, bottom = item.box
        assert (item.original[0, top:bottom, left:right] == 255).all()
        assert item.image[0, 2:-2, 2:-2].min() == 255


def test_a_broken_file_is_told_and_left_out_or_an_error(folder):
    (folder / "3.png").write_bytes(b"no image")
    told = []
    names = find_images(folder)
    found = decode_files(folder, names, size=16, on_error=lambda *what: told.append(what))
    assert [item.file for item in found] == [name for name in names if name != "3.png"]
    assert [name for name, _ in told] == ["3.png"]
    assert "not an image of a known format" in str(told[0][1])
    with pytest.raises(DataError, match=r"3\.png"):
        list(decode_files(folder, names, size=16))


def test_a_link_that_leaves_the_folder_is_not_read(folder, tmp_path, save_image):
    save_image(tmp_path / "secret.png")
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    with pytest.raises(DataError, match="is a link to"):
        list(decode_files(folder, ["link.png"]))


def test_only_a_few_files_are_read_ahead(folder, monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    asked = []

    def names():
        for i in range(1000):
            asked.append(i)
            yield f"{i % 7}.png"

    stream = decode_files(folder, names(), size=8)
    for _ in range(5):
        next(stream)
    assert len(asked) <= 5 + 3
    stream.close()


def test_slices_of_a_volume_are_those_of_from_folder(tmp_path, rng):
    nibabel = pytest.importorskip("nibabel")
    volume = nibabel.Nifti1Image(rng.integers(0, 900, (12, 10, 8)).astype(np.int16), np.eye(4))
    nibabel.save(volume, tmp_path / "v.nii.gz")
    expected = mia_data.from_folder(tmp_path, "test", size=8)
    streamed = list(decode_files(tmp_path, ["v.nii.gz"], size=8))
    np.testing.assert_array_equal([item.image for item in streamed], expected.images)
    assert [item.id for item in streamed] == [f"v.nii.gz#{n:03d}" for n in range(2, 6)]
    assert {item.original.shape for item in streamed} == {(1, 10, 12)}


def test_a_damaged_volume_is_one_broken_file(tmp_path):
    pytest.importorskip("nibabel")
    (tmp_path / "v.nii.gz").write_bytes(b"no volume")
    with pytest.raises(DataError, match=r"cannot read .*v\.nii\.gz"):
        list(decode_files(tmp_path, ["v.nii.gz"]))


def test_arguments_are_checked_before_the_first_image_is_asked_for(tmp_path):
    with pytest.raises(DataError, match="channels"):
        decode_files(tmp_path, [], channels=2)
