"""Whole listings: equality with a plain loop, ids, volumes, errors."""

from pathlib import Path

import numpy as np
import pytest
from mia_data.decode.batch import decode, make_plan
from mia_data.decode.request import Request
from mia_data.errors import DataError
from mia_data.file_list import FileList
from PIL import Image


def _decode(listing, folder, **options):
    folder.mkdir()
    planned = make_plan(listing)
    decode(planned, Request(**{"size": 16, "channels": 1, "resize": "squash", **options}), folder)
    masks = folder / "masks.npy"
    return (
        planned,
        np.load(folder / "images.npy"),
        np.load(folder / "labels.npy"),
        np.load(masks) if masks.exists() else None,
    )


@pytest.mark.parametrize("channels", [1, 3])
def test_many_images_equal_a_plain_loop_of_pillow(tmp_path, save_image, channels):
    names = [f"{i:03d}.{suffix}" for i, suffix in enumerate(["png", "jpg"] * 50)]
    for i, name in enumerate(names):
        save_image(tmp_path / name, size=(20 + i, 30), channels=1 + 2 * (i % 3 == 0))
    listing = FileList(tmp_path, "s", names, [0] * len(names))
    _, images, _, _ = _decode(listing, tmp_path / "out", channels=channels)
    mode = "L" if channels == 1 else "RGB"
    for name, pixels in zip(names, images, strict=True):
        with Image.open(tmp_path / name) as image:
            plain = image.convert(mode).resize((16, 16), Image.Resampling.BILINEAR)
        expected = np.asarray(plain).reshape(16, 16, channels).transpose(2, 0, 1)
        np.testing.assert_array_equal(pixels, expected)


def test_ids_are_paths_without_suffix_and_unique(tmp_path, save_image):
    names = ["in/a.b.png", "in/c.png", "in/c.bmp", "in/d.bmp"]
    for name in names:
        save_image(tmp_path / name)
    listing = FileList(tmp_path, "s", names, [0] * 4, id_folder="in")
    assert make_plan(listing).ids == ["a.b", "c.png", "c.bmp", "d"]


def test_a_mask_of_another_size_is_named_with_both_sizes(tmp_path, save_image):
    save_image(tmp_path / "a.png", size=(12, 10))
    save_image(tmp_path / "m.png", size=(10, 12))
    listing = FileList(tmp_path, "s", ["a.png"], [1], ["m.png"])
    with pytest.raises(DataError, match=r"m\.png: it is 10 x 12, expected 12 x 10.*a\.png"):
        _decode(listing, tmp_path / "out")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: data[: len(data) // 2], "truncated"),
        (lambda data: b"", "empty"),
        (lambda data: b"text" * 100, "not an image of a known format"),
        (lambda data: data[:20], "truncated|cannot|not an image"),
    ],
)
@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_a_damaged_file_is_named(tmp_path, save_image, suffix, damage, message):
    names = [f"{i:03d}.{suffix}" for i in range(80)]
    for name in names:
        save_image(tmp_path / name, size=(64, 64))
    bad = tmp_path / names[50]
    bad.write_bytes(damage(bad.read_bytes()))
    listing = FileList(tmp_path, "s", names, [0] * len(names))
    with pytest.raises(DataError, match=f"050.{suffix}.*({message})|({message}).*050.{suffix}"):
        _decode(listing, tmp_path / "out")


def _save_volume(path: Path, array) -> None:
    nibabel = pytest.importorskip("nibabel")
    nibabel.save(nibabel.Nifti1Image(array, np.eye(4)), path)


def test_slices_of_an_abnormal_volume_are_abnormal_where_the_mask_is(tmp_path, rng):
    lesion = np.zeros((16, 16, 8), np.uint8)
    lesion[4:9, 4:9, 3:5] = 1
    _save_volume(tmp_path / "a.nii.gz", rng.integers(0, 99, (16, 16, 8)).astype(np.int16))
    _save_volume(tmp_path / "m.nii.gz", lesion)
    listing = FileList(tmp_path, "s", ["a.nii.gz"], [1], ["m.nii.gz"])
    planned, images, labels, masks = _decode(listing, tmp_path / "out")
    assert planned.ids == [f"a#{n:03d}" for n in (2, 3, 4, 5)]
    assert images.shape == (4, 1, 16, 16)
    assert labels.tolist() == [0, 1, 1, 0]
    assert masks.sum(axis=(1, 2)).tolist() == [0, 25, 25, 0]


@pytest.mark.parametrize("resize", ["squash", "short_side"])
@pytest.mark.parametrize("size", [4, 8, 32, 40])
@pytest.mark.parametrize("voxel", [(0, 0), (13, 21), (31, 39)])
def test_a_slice_with_one_abnormal_voxel_is_abnormal_at_every_size(tmp_path, size, resize, voxel):
    lesion = np.zeros((32, 40, 4), np.uint8)
    lesion[(*voxel, 2)] = 1
    _save_volume(tmp_path / "a.nii", np.zeros((32, 40, 4), np.int16))
    _save_volume(tmp_path / "m.nii", lesion)
    listing = FileList(tmp_path, "s", ["a.nii"], [1], ["m.nii"])
    _, _, labels, _ = _decode(listing, tmp_path / "out", size=size, resize=resize)
    assert labels.tolist() == [0, 1]


def test_a_normal_volume_with_a_lesion_in_its_mask_is_refused(tmp_path):
    _save_volume(tmp_path / "a.nii", np.zeros((8, 8, 4), np.int16))
    for name, value in (("empty.nii", 0), ("lesion.nii", 1)):
        _save_volume(tmp_path / name, np.full((8, 8, 4), value, np.uint8))
    _, _, labels, masks = _decode(
        FileList(tmp_path, "s", ["a.nii"], [0], ["empty.nii"]), tmp_path / "out"
    )
    assert (labels.tolist(), masks.any()) == ([0, 0], False)
    with pytest.raises(DataError, match=r"lesion\.nii marks .*a\.nii is labeled normal"):
        _decode(FileList(tmp_path, "s", ["a.nii"], [0], ["lesion.nii"]), tmp_path / "other")


@pytest.mark.parametrize("depth", [3, 7, 9])
def test_a_mask_of_fewer_or_more_slices_than_its_volume_is_refused(tmp_path, depth):
    _save_volume(tmp_path / "a.nii", np.zeros((8, 8, 8), np.uint8))
    _save_volume(tmp_path / "m.nii", np.zeros((8, 8, depth), np.uint8))
    listing = FileList(tmp_path, "s", ["a.nii"], [1], ["m.nii"])
    with pytest.raises(DataError, match=rf"m\.nii does .*a\.nii: it has 8 x 8 x {depth} voxels"):
        _decode(listing, tmp_path / "out")


def test_a_volume_without_mask_gives_its_label_to_every_slice(tmp_path, rng):
    _save_volume(tmp_path / "a.nii", rng.integers(0, 99, (8, 8, 4)).astype(np.int16))
    _, _, labels, masks = _decode(FileList(tmp_path, "s", ["a.nii"], [1]), tmp_path / "out")
    assert labels.tolist() == [1, 1]
    assert masks is None


def test_a_damaged_volume_is_named(tmp_path):
    pytest.importorskip("nibabel")
    (tmp_path / "a.nii.gz").write_bytes(b"no volume")
    with pytest.raises(DataError, match=r"cannot read .*a\.nii\.gz"):
        make_plan(FileList(tmp_path, "s", ["a.nii.gz"], [0]))


def test_an_image_with_a_volume_as_mask_is_refused(tmp_path, save_image):
    save_image(tmp_path / "a.png")
    _save_volume(tmp_path / "m.nii", np.zeros((8, 8, 4), np.uint8))
    with pytest.raises(DataError, match="both or none to be a volume"):
        make_plan(FileList(tmp_path, "s", ["a.png"], [1], ["m.nii"]))


def test_a_volume_is_read_once(tmp_path, rng, monkeypatch):
    from mia_data.decode import nifti

    reads = []
    original = nifti.read_volume
    monkeypatch.setattr(nifti, "read_volume", lambda *a: reads.append(a[0]) or original(*a))
    volumes = [rng.integers(0, 99, (8, 8, 100)).astype(np.int16) for _ in range(2)]
    for name, volume in zip(("a.nii", "b.nii"), volumes, strict=True):
        _save_volume(tmp_path / name, volume)
    listing = FileList(tmp_path, "s", ["a.nii", "b.nii"], [0, 0])
    _, images, _, _ = _decode(listing, tmp_path / "out", size=8)
    assert sorted(Path(path).name for path in reads) == ["a.nii", "b.nii"]
    assert images.shape == (100, 1, 8, 8)
    low, high = np.percentile(volumes[1], (0.5, 99.5))
    expected = np.clip(np.rint((volumes[1][::-1, ::-1, 74].T - low) / (high - low) * 255), 0, 255)
    np.testing.assert_array_equal(images[-1, 0], expected)
