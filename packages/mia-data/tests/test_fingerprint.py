"""What a fingerprint notices."""

import os
from pathlib import Path

import pytest
from mia_data.errors import DataError
from mia_data.file_list import FileList
from mia_data.fingerprint import fingerprint


def _listing(folder: Path, labels=(0, 0)) -> FileList:
    return FileList(folder, "here", ["a.png", "b.png"], list(labels))


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
    seen.add(fingerprint(FileList(tmp_path, "here", ["a.png", "c.png"], [0, 0])))
    assert len(seen) == 5


def test_fingerprint_changes_with_whose_a_mask_is(tmp_path):
    for name in ("a.png", "b.png", "m.png"):
        (tmp_path / name).touch()
    columns = (None, [None, None], ["m.png", None], [None, "m.png"], ["m.png", "m.png"])
    listings = [FileList(tmp_path, "here", ["a.png", "b.png"], [0, 0], masks) for masks in columns]
    assert len(set(map(fingerprint, listings))) == len(columns)


def test_fingerprint_says_how_many_files_are_missing(tmp_path):
    (tmp_path / "a.png").touch()
    with pytest.raises(DataError, match=r"here names 1 of 2 files that do not exist.*'b\.png'"):
        fingerprint(_listing(tmp_path))


def test_many_missing_files_are_counted_without_looking_for_each(tmp_path, monkeypatch):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "0.png").touch()
    names = [f"a/{i}.png" for i in range(5000)] + ["b/0.png"]
    looked = []
    monkeypatch.setattr("mia_data.fingerprint.exists", lambda path: looked.append(path) or True)
    with pytest.raises(DataError, match=r"names 5000 of 5001 files .* the first is 'a/1\.png'"):
        fingerprint(FileList(tmp_path, "here", names, [0] * len(names)))
    assert looked == [tmp_path / "a" / "0.png"]


def test_links_that_lead_nowhere_are_named_as_such(tmp_path):
    (tmp_path / "a.png").touch()
    (tmp_path / "b.png").symlink_to(tmp_path / "nothing")
    with pytest.raises(DataError, match=r"links that lead to no file: 1 of 2.*'b\.png'"):
        fingerprint(_listing(tmp_path))


def test_a_file_in_the_place_of_another_of_its_size_and_time_is_noticed(tmp_path):
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(b"123")
        os.utime(tmp_path / name, ns=(5, 5))
    seen = {fingerprint(_listing(tmp_path))}
    (tmp_path / "new").write_bytes(b"456")
    os.utime(tmp_path / "new", ns=(5, 5))
    (tmp_path / "new").replace(tmp_path / "a.png")
    seen.add(fingerprint(_listing(tmp_path)))
    changed = (tmp_path / "a.png").stat().st_ctime_ns
    while (tmp_path / "a.png").stat().st_ctime_ns == changed:  # It comes in steps.
        (tmp_path / "a.png").write_bytes(b"789")
    os.utime(tmp_path / "a.png", ns=(5, 5))
    seen.add(fingerprint(_listing(tmp_path)))
    assert len(seen) == 3
