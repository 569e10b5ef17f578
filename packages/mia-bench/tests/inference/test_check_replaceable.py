"""A folder is replaced by its own kind alone."""

from __future__ import annotations

import os

import pytest
from mia_bench import StudyError
from mia_bench.inference.resumable_folder import check_replaceable

KIND = {"marker": "mark.json", "what": "a folder of ours"}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


def test_what_is_new_empty_or_of_the_kind_may_be_written(folder):
    assert check_replaceable(folder / "new", **KIND) is None
    assert check_replaceable(folder, **KIND) is None
    (folder / "x").touch()
    (folder / "mark.json").touch()
    assert check_replaceable(folder, **KIND) is None


@pytest.mark.parametrize("name", ["out", "out/x"])
def test_something_else_is_refused(folder, name):
    (folder / "x").touch()
    with pytest.raises(StudyError, match=r"will not overwrite .*: expected .* a folder of ours"):
        check_replaceable(folder.parent / name, **KIND)


def test_a_mount_point_is_refused_because_it_cannot_be_moved(folder, monkeypatch):
    monkeypatch.setattr(os.path, "ismount", lambda path: path == folder)
    with pytest.raises(StudyError, match="another disk is mounted: choose a folder inside it"):
        check_replaceable(folder, **KIND)
