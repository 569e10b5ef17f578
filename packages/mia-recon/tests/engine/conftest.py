from __future__ import annotations

import pytest
import torch


@pytest.fixture
def torch_threads():
    """Set the number of PyTorch's threads until the test ends."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)
