"""A worker finds out whether it sees the driver's folder: what it writes, and what it sends."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from mia_bench.errors import StudyError
from mia_bench.execution import ray_worker
from mia_bench.execution.transfer import write_files
from mia_bench.run_folder.folder import RunFolder, State

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = "a-start-of-the-study"
COLLECTOR = SimpleNamespace(update=SimpleNamespace(remote=lambda run, progress: None))


@pytest.fixture
def do_run(small_runs, root, monkeypatch):
    """Do a short run as a worker does; its name and the reply."""
    monkeypatch.setattr(ray_worker, "thread_settings", lambda *_, **__: {})
    (run,) = small_runs(0, epochs=1)

    def reply(out: Path, *, fetch: bool | None = None, version: str = ray_worker.VERSION):
        driver = ray_worker.DriverFolder(out, TOKEN, version)
        options = {"device": "cpu", "threads": None, "trackers": ()}
        return run.name, ray_worker.do_run(run, driver, fetch=fetch, collector=COLLECTOR, **options)

    return reply


def mark(out: Path) -> None:
    out.mkdir()
    ray_worker.DriverFolder(out, TOKEN).mark.touch()


def test_where_the_folder_is_seen_the_run_is_written_there(do_run, tmp_path):
    out = tmp_path / "study"
    mark(out)
    name, reply = do_run(out)
    assert (reply.state, reply.files) == (State.FINISHED, None)
    assert RunFolder(out / name).state() is State.FINISHED


@pytest.mark.parametrize("there", ["nothing", "another folder of this name"])
def test_where_it_is_not_seen_the_files_are_sent(do_run, tmp_path, there):
    out = tmp_path / "study"
    if there != "nothing":
        out.mkdir()
        ray_worker.DriverFolder(out, "another-start").mark.touch()
    before = sorted(tmp_path.rglob("*"))
    name, reply = do_run(out)
    assert sorted(tmp_path.rglob("*")) == before
    assert reply.state is State.FINISHED
    fetched = RunFolder(tmp_path / "driver" / name)
    write_files(fetched, reply.files)
    assert fetched.state() is State.FINISHED
    assert 0 <= fetched.read_record().metrics["auroc"] <= 1


def test_fetching_can_be_asked_for(do_run, tmp_path):
    out = tmp_path / "study"
    mark(out)
    name, reply = do_run(out, fetch=True)
    assert RunFolder(out / name).state() is State.PENDING
    assert reply.files


def test_another_version_is_refused_before_anything_is_written(do_run, tmp_path):
    out = tmp_path / "study"
    mark(out)
    with pytest.raises(StudyError, match=r"has mia-bench .*, the driver has 0\.0"):
        do_run(out, version="0.0")
    assert [path.name for path in out.iterdir()] == [ray_worker.DriverFolder(out, TOKEN).mark.name]
