"""An unfinished folder becomes the finished one, whole, whenever it is killed."""

from __future__ import annotations

from pathlib import Path

import pytest
from mia_bench.inference.resumable_folder import ResumableFolder


@pytest.fixture(params=["file", "folder"])
def kept(request):
    """Makes what is worth going on from."""

    def make(path: Path) -> None:
        (path.mkdir if request.param == "folder" else path.touch)()

    return make


def begin(tmp_path, kept) -> tuple[ResumableFolder, Path]:
    """What would go on, and the finished folder inside it."""
    unfinished = ResumableFolder.beside(
        tmp_path / "out", {}, suffix="doing", kept="kept", activity="doing it"
    )
    unfinished.path.mkdir()
    kept(unfinished.kept)
    fresh = unfinished.path / "new"
    fresh.mkdir()
    (fresh / "two.txt").touch()
    return unfinished, fresh


def names(path):
    return sorted(inner.name for inner in path.iterdir())


@pytest.mark.parametrize("older", [False, True])
def test_it_takes_the_place_of_an_older_one(tmp_path, kept, older):
    if older:
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "one.txt").touch()
    unfinished, fresh = begin(tmp_path, kept)
    unfinished.move_to(fresh, tmp_path / "out")
    assert names(tmp_path) == ["out"]
    assert names(tmp_path / "out") == ["two.txt"]


@pytest.mark.parametrize("moves", [0, 1])
def test_killed_in_between_there_is_nothing_to_go_on_from(tmp_path, kept, moves, monkeypatch):
    (tmp_path / "out").mkdir()
    unfinished, fresh = begin(tmp_path, kept)
    done = []

    def move(path, target):
        if len(done) == moves:
            raise KeyboardInterrupt
        done.append(path)
        path.replace(target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", move)
        with pytest.raises(KeyboardInterrupt):
            unfinished.move_to(fresh, tmp_path / "out")
    assert not unfinished.kept.exists()
    with unfinished.locked(refuse_others=True):
        assert names(unfinished.path) == [".lock", "settings.json"]
    assert not unfinished.path.exists()
