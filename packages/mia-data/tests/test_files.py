"""Reading of whole files."""

import os
from pathlib import Path

import pytest
from mia_data.errors import DataError
from mia_data.files import expand_home, home, read_bytes, write_file


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


def test_a_user_without_a_home_folder_is_told_which_variable_helps(monkeypatch):
    assert expand_home("~/x") == home("HOME") / "x"

    def no_home(*_):
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", no_home)
    monkeypatch.setattr(Path, "expanduser", no_home)
    with pytest.raises(DataError, match="expected MIA_DATA_ROOT to be set"):
        expand_home("~/x", "MIA_DATA_ROOT")
    with pytest.raises(DataError, match="expected MIA_CACHE_DIR to be set"):
        home("MIA_CACHE_DIR")


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "new" / "x"
    write_file(path, b"first")
    write_file(path, b"second")
    assert path.read_bytes() == b"second"

    def full(file):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(DataError, match=r"cannot write .*x: No space left on device$"):
        write_file(path, b"third")
    assert [p.read_bytes() for p in path.parent.iterdir()] == [b"second"]
    with pytest.raises(DataError, match="cannot write"):
        write_file(path / "y", b"under a file")
