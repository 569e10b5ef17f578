"""A device that is not there is refused before anything is trained on it."""

from __future__ import annotations

import pytest
import torch
from mia_bench.device import resolve_device
from mia_bench.errors import StudyError


def test_auto_is_a_device_that_is_there():
    assert torch.ones(1, device=resolve_device("auto")).item() == 1


@pytest.mark.parametrize("device", ["tpu", "cuda:", "cuda:x", "", "gpu"])
def test_what_is_no_device_is_refused(device):
    with pytest.raises(StudyError, match=f"got '{device}'"):
        resolve_device(device)


def test_a_gpu_that_is_not_there_is_refused():
    with pytest.raises(StudyError, match="'cuda:99' is not there: this machine has"):
        resolve_device("cuda:99")
