"""A folder is replaced whole or not at all, and only by its own kind."""

from __future__ import annotations

import pytest
from mia_bench import StudyError
from mia_bench.own.replacing import replacing

KIND = {"marker": "mark.json", "what": "a folder of ours"}


def fill(path, text):
    with replacing(path, **KIND) as folder:
        (folder / "mark.json").write_text(text)
        (folder / f"{text}.txt").touch()


def names(path):
    return sorted(inner.name for inner in path.iterdir())


def test_a_new_folder_appears_and_an_older_one_is_replaced(tmp_path):
    fill(tmp_path / "deep" / "out", "one")
    fill(tmp_path / "deep" / "out", "two")
    assert names(tmp_path / "deep") == ["out"]
    assert names(tmp_path / "deep" / "out") == ["mark.json", "two.txt"]


def fail(path):
    with replacing(path, **KIND) as folder:
        (folder / "half.txt").touch()
        raise KeyError


def test_an_error_leaves_what_was_there(tmp_path):
    fill(tmp_path / "out", "one")
    with pytest.raises(KeyError):
        fail(tmp_path / "out")
    assert names(tmp_path) == ["out"]
    assert names(tmp_path / "out") == ["mark.json", "one.txt"]


def test_something_else_is_refused(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "x").touch()
    for name in ("file", "folder"):
        with pytest.raises(StudyError, match="a folder of ours"):
            fill(tmp_path / name, "one")
    assert names(tmp_path / "folder") == ["x"]
