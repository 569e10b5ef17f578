"""Tensors whose memory NumPy can use, which is the fastest way to many small pieces on a CPU."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from torch import Tensor


def on_cpu(x: Tensor) -> bool:
    """Return whether NumPy can see a tensor's memory."""
    return x.device.type == "cpu"


def zeros(shape: tuple[int, ...], device: torch.device) -> Tensor:
    """Return float32 zeros of which most will never be touched."""
    if device.type == "cpu":
        return torch.from_numpy(np.zeros(shape, np.float32))  # the system's own, where it has them
    return torch.zeros(shape, device=device)
