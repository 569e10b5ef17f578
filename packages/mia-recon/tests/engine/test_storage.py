"""A folder that cannot be written leaves what was there."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from mia_recon._engine import storage
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
    def full(*_):
        raise SafetensorError("No space left on device")

    monkeypatch.setattr(storage, "save_file", full)
    with pytest.raises(OSError, match=f"cannot write {saved}: No space left"):
        storage.save_folder(saved, {"weight": torch.zeros(2)}, {"epoch": 2})
    assert storage.load_folder(saved)[1]["epoch"] == 1
