"""Reading of whole files."""

import os

import pytest
from mia_data.errors import DataError
from mia_data.files import read_bytes


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
