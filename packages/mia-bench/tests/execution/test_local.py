"""Runs in worker processes: several at once, one that dies alone, and a study that is killed."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from typing import TYPE_CHECKING

import numpy as np
import pytest
from mia_bench.cli.main import commands
from mia_bench.errors import RunsFailedError, StudyError
from mia_bench.execution import local
from mia_bench.execution.resources import environment_variables, import_settings
from mia_bench.run_folder.folder import RunFolder, State
from mia_bench.study.executor_options import ExecutorOptions
from mia_bench.study.plan import plan
from mia_bench.study.study import DatasetEntry, MethodEntry, Study

if TYPE_CHECKING:
    from pathlib import Path


class Notes:
    """A display that keeps what it is told."""

    def __init__(self) -> None:
        self.ends: dict[str, State] = {}
        self.notes: dict[str, str] = {}

    def __enter__(self) -> Notes:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def show_progress(self, run: str, progress: object) -> None:
        pass

    def show_end(self, run: str, state: State, note: str) -> None:
        self.ends[run] = state
        self.notes[run] = note


@pytest.fixture
def runs(root):
    study = Study(
        name="test",
        datasets=(DatasetEntry(name="brats2021", root=str(root)),),
        methods=(MethodEntry(label="ae", method="ae", epochs=30),),
        seeds=(0, 1, 2),
    )
    return plan(study)


def wait_for(condition, seconds: float = 600) -> None:
    """Poll until the condition holds; only a hang ends in failure."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def test_a_killed_run_fails_alone(runs, root, tmp_path):
    folders = {run.name: RunFolder(tmp_path / run.name) for run in runs}
    victim = runs[1].name

    def kill_worker():
        wait_for(lambda: folders[victim].read_progress() is not None)
        for worker in multiprocessing.active_children():
            worker.kill()

    notes = Notes()
    killer = threading.Thread(target=kill_worker)
    killer.start()
    executor = local.LocalExecutor(ExecutorOptions(), "cpu")
    ends = executor.run(runs, tmp_path, display=notes)
    killer.join()
    failed = [name for name, end in ends.items() if end.state is State.FAILED]
    assert failed == [victim]
    assert notes.ends == {name: end.state for name, end in ends.items()}
    error = folders[victim].read_failure().error
    assert error.startswith("the process ended with exit code -9: killed")


def test_a_killed_study_leaves_no_worker_and_goes_on_to_the_same_scores(root, mia_bench, tmp_path):
    def words(out: Path) -> list[str]:
        choice = ["--datasets", "brats2021", "--methods", "ae", "--seeds", "0,1"]
        base = ["run", "--root", root, "--out", out, "--epochs", 60, "--device", "cpu"]
        return list(map(str, [*base, *choice]))

    out = tmp_path / "killed"
    program = (sys.executable, "-m", "mia_bench")
    first, second = (RunFolder(out / f"brats2021/ae/seed-{seed}") for seed in (0, 1))
    quiet = {"stderr": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
    study = subprocess.Popen([*program, *words(out)], **quiet)
    wait_for(lambda: (reached := second.read_progress()) is not None and reached.epoch >= 26)
    study.kill()
    study.wait()
    wait_for(lambda: second.state() is not State.RUNNING)
    assert first.state() is State.FINISHED
    assert second.state() is State.PENDING
    done = first.result.stat().st_mtime_ns

    assert mia_bench(*words(out)).returncode == 0
    assert first.result.stat().st_mtime_ns == done
    assert second.log.read_text().count("epoch 10/60") == 1  # went on from its checkpoint
    assert mia_bench(*words(tmp_path / "whole")).returncode == 0
    for folder in (first, second):
        whole = RunFolder(tmp_path / "whole" / folder.path.relative_to(out))
        np.testing.assert_array_equal(folder.read_scores()[2], whole.read_scores()[2])
        assert folder.read_record().losses == whole.read_record().losses


def test_a_worker_sees_its_gpu_and_no_other_also_after_one_has_died():
    from pebble import ProcessExpired

    workers = [local._make_worker("7"), local._make_worker("GPU-3"), local._make_worker(None)]
    try:
        seen = [w.schedule(os.getenv, ("CUDA_VISIBLE_DEVICES",)).result() for w in workers]
        assert seen == ["7", "GPU-3", os.getenv("CUDA_VISIBLE_DEVICES")]
        with pytest.raises(ProcessExpired):
            workers[0].schedule(os._exit, (3,)).result()
        assert workers[0].schedule(os.getenv, ("CUDA_VISIBLE_DEVICES",)).result() == "7"
    finally:
        for worker in workers:
            worker.stop()
            worker.join()


def test_cores_are_divided_between_the_workers(monkeypatch):
    from mia_bench.execution.resources import environment_variables, thread_settings

    monkeypatch.delenv("OMP_NUM_THREADS")
    with environment_variables(thread_settings(3, insist=False)):
        worker = local._make_worker(None)
        try:
            # Numerical libraries read it when they are imported, so it is set before that.
            assert worker.schedule(os.getenv, ("OMP_NUM_THREADS",)).result() == "3"
        finally:
            worker.stop()
            worker.join()


def on_a_full_disk(*arguments: object) -> State:
    raise OSError(28, "No space left on device", "run.json")


def test_a_failure_that_cannot_be_written_down_is_told_all_the_same(runs, tmp_path, monkeypatch):
    monkeypatch.setattr(local, "execute", on_a_full_disk)
    monkeypatch.setattr(local, "ProcessPool", InThisProcess)
    told = Notes()
    executor = local.LocalExecutor(ExecutorOptions(), "cpu")
    ends = executor.run(runs[:1], tmp_path, display=told)
    state, note = ends[runs[0].name]
    assert state is State.FAILED
    assert "No space left on device: 'run.json'" in note
    assert told.notes == {runs[0].name: note}


def test_the_command_tells_a_failure_that_cannot_be_written_down(tmp_path, monkeypatch):
    monkeypatch.setattr(local, "execute", on_a_full_disk)
    monkeypatch.setattr(local, "ProcessPool", InThisProcess)
    arguments = ["run", "--datasets", "phantom", "--methods", "ae", "--out", str(tmp_path / "out")]
    with pytest.raises(RunsFailedError, match=r"the first with: .*No space left on device"):
        commands.main(arguments, standalone_mode=False)


class InThisProcess:
    """A pool that does its task at once."""

    def __init__(self, **settings: object) -> None:
        pass

    def schedule(self, task, arguments) -> Future[State]:
        done: Future[State] = Future()
        try:
            done.set_result(task(*arguments))
        except OSError as error:
            done.set_exception(error)
        return done

    def close(self) -> None:
        pass

    def join(self) -> None:
        pass


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python 3.10 has no PYTHONSAFEPATH")
@pytest.mark.parametrize("name", ["types", "select"])
def test_a_worker_imports_nothing_of_the_working_folder(tmp_path, monkeypatch, name):
    (tmp_path / f"{name}.py").write_text("raise RuntimeError('the file of a user')\n")
    monkeypatch.chdir(tmp_path)
    with environment_variables(import_settings()), local._workers([None]) as (worker,):
        assert worker.schedule(os.getcwd).result() == os.path.realpath(tmp_path)


@pytest.mark.parametrize("file", ["types.py", "select.py", "numpy/__init__.py"])
def test_python_3_10_refuses_a_working_folder_with_doubles_of_modules(tmp_path, monkeypatch, file):
    monkeypatch.setattr("mia_bench.execution.resources.sys.version_info", (3, 10, 13))
    monkeypatch.chdir(tmp_path)
    for name in ("my_helpers.py", "images/000.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    import_settings()
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).touch()
    with pytest.raises(StudyError, match=rf"got {file.split('/')[0]} in .*Python 3.10 would run"):
        import_settings()
