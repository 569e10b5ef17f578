"""What counts as an image, and what a fingerprint notices."""

import os
from pathlib import Path

import pytest
from mia_data.errors import DataError
from mia_data.files import (
    fingerprint,
    is_image,
    list_folders,
    list_images,
    read_bytes,
    without_suffix,
)
from mia_data.listing import Listing


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.png", True),
        ("a.JPG", True),
        ("v.nii.gz", True),
        ("d.dcm", True),
        ("._a.png", False),
        (".DS_Store", False),
        ("README.txt", False),
        ("a.png.txt", False),
    ],
)
def test_is_image(name, expected):
    assert is_image(name) is expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a/b.c.png", "a/b.c"), ("v.nii.gz", "v"), ("x.JPEG", "x"), ("noend", "noend")],
)
def test_without_suffix_takes_the_last_one_off(name, expected):
    assert without_suffix(name) == expected


def test_list_images_is_sorted_and_leaves_out_stray_files(tmp_path):
    for name in ("b.png", "a.jpg", "._a.jpg", "Thumbs.db", ".DS_Store"):
        (tmp_path / name).touch()
    (tmp_path / "folder.png").mkdir()
    assert list_images(tmp_path, "") == ["a.jpg", "b.png"]


def test_a_link_to_itself_is_listed_as_an_image_and_not_as_a_folder(tmp_path):
    (tmp_path / "b.png").symlink_to("b.png")
    (tmp_path / "in").mkdir()
    (tmp_path / "linked").symlink_to("in")
    assert list_images(tmp_path, "") == ["b.png"]
    assert list_folders(tmp_path) == ["in", "linked"]


@pytest.mark.parametrize("inner", ["", "absent"])
def test_list_images_names_an_empty_or_missing_folder(tmp_path, inner):
    with pytest.raises(DataError, match=str(tmp_path / inner)):
        list_images(tmp_path, inner)


def _listing(folder: Path, labels=(0, 0)) -> Listing:
    return Listing(folder, "here", ["a.png", "b.png"], list(labels))


def test_fingerprint_changes_with_size_time_label_and_name(tmp_path):
    for name in ("a.png", "b.png", "c.png"):
        (tmp_path / name).write_bytes(b"123")
        os.utime(tmp_path / name, ns=(5, 5))
    seen = {fingerprint(_listing(tmp_path))}
    assert fingerprint(_listing(tmp_path)) in seen
    os.utime(tmp_path / "a.png", ns=(5, 6))
    seen.add(fingerprint(_listing(tmp_path)))
    (tmp_path / "a.png").write_bytes(b"1234")
    os.utime(tmp_path / "a.png", ns=(5, 5))
    seen.add(fingerprint(_listing(tmp_path)))
    seen.add(fingerprint(_listing(tmp_path, labels=(0, 1))))
    seen.add(fingerprint(Listing(tmp_path, "here", ["a.png", "c.png"], [0, 0])))
    assert len(seen) == 5


def test_fingerprint_changes_with_whose_a_mask_is(tmp_path):
    for name in ("a.png", "b.png", "m.png"):
        (tmp_path / name).touch()
    columns = (None, [None, None], ["m.png", None], [None, "m.png"], ["m.png", "m.png"])
    listings = [Listing(tmp_path, "here", ["a.png", "b.png"], [0, 0], masks) for masks in columns]
    assert len(set(map(fingerprint, listings))) == len(columns)


def test_fingerprint_says_how_many_files_are_missing(tmp_path):
    (tmp_path / "a.png").touch()
    with pytest.raises(DataError, match=r"here names 1 of 2 files that do not exist.*'b\.png'"):
        fingerprint(_listing(tmp_path))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: path.write_bytes(b""), "empty"),
        (lambda path: path.write_bytes(b"x" * 11), "11 bytes, expected at most 10"),
        (lambda path: path.mkdir(), "regular file"),
        (os.mkfifo, "regular file"),
        (lambda path: None, "No such file"),
    ],
)
def test_read_bytes_names_what_is_wrong(tmp_path, make, message):
    path = tmp_path / "x.png"
    make(path)
    with pytest.raises(DataError, match=message):
        read_bytes(path, limit=10)


def test_read_bytes_returns_the_whole_file(tmp_path):
    (tmp_path / "x").write_bytes(b"0123456789")
    assert read_bytes(tmp_path / "x", limit=10) == b"0123456789"
