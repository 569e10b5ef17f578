"""One device in one process, whatever the environment says."""

import pytest
from mia_recon._engine.device import _made, make_fabric

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
        ("cuda:999", "device 'cuda:999' is not there: this machine has"),
    ],
)
def test_an_unknown_device_is_named(device, message):
    with pytest.raises(ValueError, match=message):
        make_fabric(device)


def test_an_unknown_precision_is_named():
    with pytest.raises(ValueError, match="unknown precision '16'; expected one of 32-true, bf16"):
        make_fabric("cpu", "16")
