"""A folder that cannot be written leaves what was there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from mia_ssl._engine import storage
from safetensors import SafetensorError


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "model"
    storage.save_folder(path, {"weight": torch.ones(2)}, {"epoch": 1})
    return path


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_the_older_one_stays_where_the_last_step_breaks_off(saved, monkeypatch, error):
    rename = Path.rename

    def broken(self, target):
        if self.name == "new":
            raise error
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", broken)
    with pytest.raises(error):
        storage.save_folder(saved, {"weight": torch.zeros(2)}, {"epoch": 2})
    state, meta = storage.load_folder(saved)
    assert (state["weight"].tolist(), meta["epoch"]) == ([1, 1], 1)
    assert list(saved.parent.iterdir()) == [saved]


def test_a_full_disk_is_an_error_that_names_the_path(saved, monkeypatch):
    def full(*_, **__):
        raise SafetensorError("No space left on device")

    monkeypatch.setattr(storage, "save_file", full)
    with pytest.raises(OSError, match=f"cannot write {saved}: No space left"):
        storage.save_folder(saved, {"weight": torch.zeros(2)}, {"epoch": 2})
    assert storage.load_folder(saved)[1]["epoch"] == 1


def test_a_path_that_cannot_be_written_is_named_and_no_temporary_one(saved):
    path = saved.parent / ("m" * 256)
    with pytest.raises(OSError, match=r"^cannot write \S+/m{256}: File name too long$"):
        storage.save_folder(path, {"weight": torch.zeros(2)}, {})


def test_a_name_may_be_as_long_as_the_system_allows(saved):
    path = saved.parent / ("m" * 255)
    for value in (1, 2):  # the second replaces the first
        storage.save_folder(path, {"weight": torch.full((2,), value)}, {})
    assert storage.load_folder(path)[0]["weight"].tolist() == [2, 2]
    assert sorted(saved.parent.iterdir()) == [path, saved]


@pytest.mark.parametrize("name", [storage.TENSORS, storage.META])
def test_a_file_that_is_missing_is_named(saved, name):
    (saved / name).unlink()
    with pytest.raises(storage.ModelFileError, match=f"at {saved}: {saved / name} is missing"):
        storage.load_folder(saved)


@pytest.mark.parametrize("found", [2, "x", None])
def test_another_format_is_refused(saved, found):
    change(saved, format=found)
    with pytest.raises(storage.ModelFileError, match=f"{saved}.* its format is {found!r}, expec"):
        storage.load_folder(saved)


@pytest.mark.parametrize("structure", [None, [], 5, "x", {"tensor": "weight"}, {"dict": [[[], 1]]}])
def test_a_structure_without_named_parts_is_refused(saved, structure):
    change(saved, structure=structure)
    with pytest.raises(storage.ModelFileError, match=str(saved)):
        storage.load_folder(saved)


@pytest.mark.parametrize("depth", [900, 100_000])  # JSON itself can be read, and cannot
def test_nesting_that_has_no_end_is_refused(saved, depth):
    change(saved, structure="deep")
    text = (saved / storage.META).read_text().replace('"deep"', "[" * depth + "]" * depth)
    (saved / storage.META).write_text(text)
    with pytest.raises(storage.ModelFileError, match=str(saved)):
        storage.load_folder(saved)


def change(path, **facts):
    meta = json.loads((path / storage.META).read_text())
    (path / storage.META).write_text(json.dumps({**meta, **facts}))


def test_all_files_may_be_read_by_those_who_may_read_what_the_user_writes(saved):
    (saved / "another").touch()
    assert {path.stat().st_mode for path in saved.iterdir()} == {(saved / "another").stat().st_mode}
