"""A file is there whole or as it was before."""

from __future__ import annotations

import os

import numpy as np
import pytest
from mia_bench.errors import StudyError
from mia_bench.files import (
    atomic,
    expand_home,
    is_folder_name,
    remove_temporaries,
    write_array,
    write_json,
    write_text,
)


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a.txt"
    write_text(path, "old")

    def fail():
        with atomic(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_json_cannot_say_is_not_written(tmp_path):
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(tmp_path / "a.json", {"x": float("nan")})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3, 4)])
@pytest.mark.parametrize("dtype", [np.float32, np.uint8, bool])
def test_an_array_is_read_back_by_numpy(tmp_path, shape, dtype):
    array = np.random.default_rng(0).integers(0, 2, shape).astype(dtype)
    write_array(tmp_path / "a.npy", array)
    found = np.load(tmp_path / "a.npy", allow_pickle=False)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, array)
    write_array(tmp_path / "a.npy", array.T)
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy", allow_pickle=False), array.T)


def test_an_error_names_the_file_and_not_the_temporary_one(tmp_path):
    (tmp_path / "taken").touch()
    path = tmp_path / "taken" / "a.txt"
    with pytest.raises(OSError, match="taken") as caught:
        write_text(path, "x")
    assert caught.value.filename == str(path)
    assert str(caught.value).endswith(f"'{path}'")


def test_a_folders_name_can_be_seen_and_stays_where_it_is_put():
    assert all(map(is_folder_name, ("ae", "ae wide", "größer", "a" * 200)))
    for bad in ("", ".", "..", ".ae", "a/b", "a\\b", "a\nb", "a" * 201, "ö" * 101):
        assert not is_folder_name(bad)


def test_what_a_killed_process_left_is_removed_and_nothing_else(tmp_path):
    path = tmp_path / "model"
    (tmp_path / ".model-abc").mkdir()
    (tmp_path / ".model-abc" / "half").touch()
    (tmp_path / ".model-def").touch()
    kept = [path, tmp_path / ".models-abc", tmp_path / "model-abc", tmp_path / ".lock"]
    for each in kept:
        each.touch()
    remove_temporaries(path)
    assert sorted(tmp_path.iterdir()) == sorted(kept)


def test_a_file_name_that_is_not_utf_8_is_written_escaped(tmp_path):
    write_text(tmp_path / "a.txt", os.fsdecode(b"lat\xe9 ") + "grün\n")
    assert (tmp_path / "a.txt").read_bytes() == "lat\\udce9 grün\n".encode()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
@pytest.mark.parametrize("umask", [0o077, 0o027, 0o022, 0o002])
def test_a_file_is_as_open_as_the_umask_says(tmp_path, umask):
    before = os.umask(umask)
    try:
        write_text(tmp_path / "a.txt", "x")
        write_array(tmp_path / "a.npy", np.zeros(3))
    finally:
        os.umask(before)
    modes = {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes == {0o666 & ~umask}


@pytest.mark.skipif(os.name == "nt", reason="Windows counts otherwise")
@pytest.mark.parametrize("name", ["a" * 255, "a" * 251 + ".txt", "a." + "b" * 253, "ö" * 127])
def test_a_name_may_be_as_long_as_the_system_allows(tmp_path, name):
    write_text(tmp_path / name, "x")
    (path,) = tmp_path.iterdir()
    assert (path.name, path.read_text()) == (name, "x")


def test_a_user_who_is_not_known_is_an_error_that_names_the_path():
    with pytest.raises(StudyError, match="cannot find ~nobody-here/x: the home folder"):
        expand_home("~nobody-here/x")
