"""The program ends in one line and with the code of what happened, whenever it is interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from filelock import FileLock
from mia_bench import command_line
from mia_bench.interruption import TerminatedError
from mia_bench.run_folder.folder import LOCK, RunFolder, State

LINE = "mia-bench: interrupted; run the same command again to go on"
STUDY = ("--datasets", "phantom", "--methods", "ae", "--device", "cpu")


def children_of(pid):
    found = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return [int(word) for word in found.stdout.split()]


@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt, 130), (TerminatedError, 143)])
def test_an_interruption_of_the_start_is_one_line(error, code, monkeypatch, capsys):
    class Loading:
        """A module that is being imported when the interruption comes."""

        def __getattr__(self, name):
            raise error

    monkeypatch.setitem(sys.modules, "mia_bench.cli", Loading())
    with pytest.raises(SystemExit) as ended:
        command_line.main([])
    assert ended.value.code == code
    assert capsys.readouterr().err == f"{LINE}\n"


def test_the_code_of_the_program_is_handed_on(monkeypatch):
    def run(arguments):
        assert arguments == ["list"]
        sys.exit(2)

    monkeypatch.setitem(sys.modules, "mia_bench.cli", SimpleNamespace(main=run))
    with pytest.raises(SystemExit) as ended:
        command_line.main(["list"])
    assert ended.value.code == 2


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM for other processes")
def test_sigterm_ends_a_study_as_ctrl_c_does(tmp_path):
    words = (sys.executable, "-m", "mia_bench", "run", *STUDY, "--epochs", "5000")
    study = subprocess.Popen(
        [*words, "--out", str(tmp_path)], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    folder = RunFolder(tmp_path / "phantom" / "ae" / "seed-0")
    while not folder.settings.exists() and study.poll() is None:
        time.sleep(0.05)
    workers = children_of(study.pid)
    study.send_signal(signal.SIGTERM)
    _, said = study.communicate(timeout=60)
    assert study.returncode == 143, said
    assert said.splitlines()[-1] == LINE
    assert "Traceback" not in said
    assert workers
    assert not [pid for pid in workers if os.path.exists(f"/proc/{pid}/exe")]  # noqa: PTH110
    assert folder.state() is State.PENDING


def test_runs_of_another_process_are_waited_for(mia_bench, mia_bench_process, tmp_path):
    words = ("run", *STUDY, "--epochs", "1", "--seeds", "0,1", "--out")
    assert mia_bench(*words, tmp_path / "whole").returncode == 0
    out = tmp_path / "two"
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: mia_bench_process(*words, out), range(2)))
    assert [each.returncode for each in both] == [0, 0], both
    for seed in (0, 1):
        path = f"phantom/ae/seed-{seed}/scores.csv"
        assert (out / path).read_bytes() == (tmp_path / "whole" / path).read_bytes()


def test_a_run_that_another_process_leaves_undone_is_done(mia_bench_process, tmp_path):
    folder = tmp_path / "phantom" / "ae" / "seed-1"
    folder.mkdir(parents=True)
    command = ("run", *STUDY, "--epochs", "1", "--seeds", "0,1", "--out", tmp_path)
    with ThreadPoolExecutor(1) as pool:
        with FileLock(folder / LOCK):
            study = pool.submit(mia_bench_process, *command)
            log = "another process is doing it"
            while not (tmp_path / "phantom/ae/seed-0/run.json").exists() and not study.done():
                time.sleep(0.05)
            time.sleep(3)  # it has found the lock by now
            assert not (folder / "run.json").exists()
        result = study.result()
    assert result.returncode == 0, result.stderr
    assert log in result.stderr
    assert (folder / "run.json").exists()
    assert "[2/2]" in result.stderr
