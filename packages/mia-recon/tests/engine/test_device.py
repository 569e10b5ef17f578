"""One device in one process, whatever the environment says; memory that stays there."""

import os
import platform
import subprocess
import sys

import pytest
from mia_recon._engine.device import _made, make_fabric, resolve_device

BATCH_SYSTEMS = {
    "slurm": {"SLURM_JOB_ID": "5", "SLURM_JOB_NAME": "study", "SLURM_NTASKS": "4"},
    "torchrun": {
        "TORCHELASTIC_RUN_ID": "5",
        "GROUP_RANK": "0",
        "RANK": "1",
        "LOCAL_RANK": "1",
        "WORLD_SIZE": "2",
        "MASTER_ADDR": "head",
        "MASTER_PORT": "5",
    },
}


@pytest.mark.parametrize("system", BATCH_SYSTEMS)
def test_a_job_of_several_tasks_is_one_process_to_us(system, monkeypatch):
    for name, value in BATCH_SYSTEMS[system].items():
        monkeypatch.setenv(name, value)
    _made.cache_clear()  # of one that was made before
    fabric = make_fabric("cpu")
    assert (fabric.world_size, fabric.device.type) == (1, "cpu")


def test_a_fabric_is_made_once_for_a_device_and_a_precision():
    assert make_fabric("cpu") is make_fabric("cpu")
    assert make_fabric("cpu") is not make_fabric("cpu", "bf16-mixed")


@pytest.mark.parametrize(
    ("device", "message"),
    [
        ("gpu", "unknown device 'gpu'; did you mean 'cpu'.* Known: auto, cpu, cuda, mps"),
        ("cpu:1", "expected device to be like 'cpu' or 'cuda:0', got 'cpu:1'"),
        ("cuda:999", "device 'cuda:999' is not available: this machine has"),
    ],
)
def test_an_unknown_device_is_named(device, message):
    with pytest.raises(ValueError, match=message):
        make_fabric(device)


def test_an_unknown_precision_is_named():
    with pytest.raises(ValueError, match="unknown precision '16'; expected one of 32-true, bf16"):
        make_fabric("cpu", "16")


ALLOCATOR = """
import ctypes, sys, torch
from mia_recon._engine.device import make_fabric

class Statistics(ctypes.Structure):  # mallinfo(3)
    _fields_ = [(name, ctypes.c_int) for name in (
        "arena", "ordblks", "smblks", "hblks", "hblkhd",
        "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost",
    )]

statistics = ctypes.CDLL(None).mallinfo
statistics.restype = Statistics

if "with" in sys.argv:
    make_fabric("cpu")
start = statistics().hblks
tensor = torch.empty(30 << 20, dtype=torch.uint8)
print(statistics().hblks - start, end=" ")  # blocks that the system gave for this tensor alone
del tensor
print(statistics().fordblks >> 20)  # MiB that the process keeps
"""


def allocator(fabric: str) -> list[int]:
    """Blocks asked of the system for 30 MiB, and MiB that stay, in a new process."""
    settings = ("MALLOC_", "GLIBC_TUNABLES")
    environment = {name: v for name, v in os.environ.items() if not name.startswith(settings)}
    command = [sys.executable, "-c", ALLOCATOR, fabric]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return [int(word) for word in run.stdout.split()]


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc's allocator")
def test_memory_that_a_step_frees_serves_the_next():
    if allocator("without")[0] == 0:
        pytest.skip("the allocator keeps 30 MiB by itself: what is imported has freed as much")
    blocks, kept = allocator("with")
    assert blocks == 0
    assert kept >= 30


def test_a_device_is_found_without_a_fabric():
    assert resolve_device("cpu") == make_fabric("cpu").device
    assert resolve_device() == make_fabric().device
