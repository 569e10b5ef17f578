"""The program ends in one line and with the code of what happened, whenever it is interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
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


def test_runs_of_another_process_have_a_code_of_their_own(mia_bench, tmp_path):
    folder = tmp_path / "phantom" / "ae" / "seed-1"
    folder.mkdir(parents=True)
    command = ("run", *STUDY, "--epochs", "1", "--seeds", "0,1", "--out", tmp_path)
    with FileLock(folder / LOCK):
        result = mia_bench(*command)
    assert result.returncode == 3, result.stderr
    assert result.stderr.splitlines()[-1] == (
        "mia-bench: 1 of 2 runs are still being done by another process: phantom/ae/seed-1; run "
        "the same command again when it has ended"
    )
    assert (tmp_path / "phantom" / "ae" / "seed-0" / "run.json").exists()
    assert mia_bench(*command).returncode == 0
