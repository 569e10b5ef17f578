"""How runs at the same time share GPUs and available_cores; no GPU is needed to check it."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest
from mia_bench.errors import StudyError
from mia_bench.execution.resources import (
    available_cores,
    environment_variables,
    memory_settings,
    share_gpus,
    thread_settings,
    visible_gpus,
)


@pytest.mark.parametrize(
    ("gpus", "jobs", "fraction", "expected"),
    [
        (["0", "1"], 4, 0.5, ["0", "1", "0", "1"]),
        (["0", "1"], 2, 1, ["0", "1"]),
        (["3"], 3, 0.333, ["3", "3", "3"]),
        (["GPU-a", "GPU-b"], 3, 0.25, ["GPU-a", "GPU-b", "GPU-a"]),
        (["0", "1"], 1, None, ["0"]),
        (["0", "1"], 5, None, ["0", "1", "0", "1", "0"]),
    ],
)
def test_runs_are_spread_over_the_gpus(gpus, jobs, fraction, expected):
    assert share_gpus(gpus, jobs, fraction) == expected


@pytest.mark.parametrize(
    ("count", "jobs", "fraction", "room"),
    [(2, 3, 1, 2), (2, 5, 0.5, 4), (1, 2, 0.6, 1), (3, 10, 0.334, 9)],
)
def test_more_runs_than_the_gpus_have_room_for_are_refused(count, jobs, fraction, room):
    with pytest.raises(StudyError, match=f"expected at most {room} runs at once, got {jobs}"):
        share_gpus([str(i) for i in range(count)], jobs, fraction)


def test_only_gpus_that_cuda_shows_are_shared(monkeypatch):
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert visible_gpus() == ["0", "1"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5, GPU-8f")
    assert visible_gpus() == ["5", "GPU-8f"]
    # CUDA ignores what follows a number that is no GPU of this machine.
    monkeypatch.setattr("torch.cuda.device_count", lambda: 1)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,99")
    assert visible_gpus() == ["2"]


def test_threads_that_were_asked_for_win_over_the_environment(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert thread_settings(8, insist=False)["OMP_NUM_THREADS"] == "3"
    assert thread_settings(8, insist=True)["OMP_NUM_THREADS"] == "8"
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert thread_settings(8, insist=False)["OMP_NUM_THREADS"] == "8"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "PASSIVE 1000"),
        ({"OMP_WAIT_POLICY": "ACTIVE"}, "ACTIVE None"),
        ({"GOMP_SPINCOUNT": "5"}, "None 5"),
    ],
)
def test_idle_threads_spin_briefly_then_sleep_unless_the_user_says_how(
    given, expected, monkeypatch
):
    for name in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    settings = thread_settings(2, insist=True)
    got = settings.get("OMP_WAIT_POLICY"), settings.get("GOMP_SPINCOUNT")
    assert f"{got[0]} {got[1]}" == expected
    code = (
        "import atexit, os; get = os.environ.get;"
        "atexit.register(lambda: print(get('OMP_WAIT_POLICY'), get('GOMP_SPINCOUNT')));"
        "from mia_bench.cli import main; main(['list', 'datasets'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == expected


TAKES_MEMORY = """
import ctypes, resource
library = ctypes.CDLL(None)
library.malloc.restype, library.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
library.free.argtypes = [ctypes.c_void_p]
for _ in range(10):
    blocks = [library.malloc(16 << 20) for _ in range(3)]
    for block in blocks:
        ctypes.memset(block, 1, 16 << 20)
    for block in blocks:
        library.free(block)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="settings of the GNU C library")
def test_workers_keep_the_memory_that_is_freed(monkeypatch):
    pages = {}
    for name in ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"):
        monkeypatch.delenv(name, raising=False)
    for name, settings in (("usual", {}), ("worker", memory_settings())):
        with environment_variables(settings):
            done = subprocess.run(
                [sys.executable, "-c", TAKES_MEMORY], capture_output=True, check=True
            )
        pages[name] = int(done.stdout)  # that the system had to hand out
    assert pages["worker"] < pages["usual"] / 2


def test_memory_settings_of_the_user_stay(monkeypatch):
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "7")
    assert memory_settings()["MALLOC_TRIM_THRESHOLD_"] == "7"


def test_no_module_of_the_command_line_loads_torch_before_the_environment_is_set():
    code = "import sys, mia_bench.cli; sys.exit('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=False)
    assert done.returncode == 0


def test_the_environment_is_as_before_afterwards(monkeypatch):
    monkeypatch.setenv("A_SETTING", "old")
    monkeypatch.delenv("ANOTHER", raising=False)
    with environment_variables({"A_SETTING": "new", "ANOTHER": "x"}):
        assert (os.environ["A_SETTING"], os.environ["ANOTHER"]) == ("new", "x")
    assert os.environ["A_SETTING"] == "old"
    assert "ANOTHER" not in os.environ


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="affinity is Linux's")
def test_cores_are_those_that_the_process_may_use():
    one = min(os.sched_getaffinity(0))
    code = (
        f"import os; os.sched_setaffinity(0, [{one}]);"
        "from mia_bench.execution.resources import available_cores; print(available_cores())"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "1"
    assert available_cores() == len(os.sched_getaffinity(0))
