"""PyTorch's switches for the same numbers in every run on a CUDA device."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def repeatable(device: torch.device, *, full_precision: bool = False) -> Iterator[None]:
    """Use only kernels that give the same result in every run; switch back afterwards.

    CUDA's fastest kernels add in the order in which threads finish; other devices need no switch.
    An operation without a repeatable kernel still runs, and PyTorch warns about it. The switches
    belong to the process, so they affect everything else that it computes meanwhile.
    ``CUBLAS_WORKSPACE_CONFIG`` is set permanently if it is not set: cuBLAS reads it once, and
    PyTorch requires it.

    Args:
        device: The networks' device.
        full_precision: Whether convolutions keep all digits of float32. By default PyTorch rounds
            to TF32, 10 bits, on cards that support it: faster, and precise enough for training.
    """
    if device.type != "cuda":
        yield
        return
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    cudnn = torch.backends.cudnn
    with ExitStack() as stack:
        stack.enter_context(_deterministic_algorithms())
        stack.enter_context(
            _switched(torch.utils.deterministic, "fill_uninitialized_memory", False)
        )
        # It would take whichever kernel is fastest at the moment.
        stack.enter_context(_switched(cudnn, "benchmark", False))
        if full_precision and hasattr(cudnn, "conv"):  # from PyTorch 2.9 on
            stack.enter_context(_switched(cudnn.conv, "fp32_precision", "ieee"))
        elif full_precision:
            stack.enter_context(_switched(cudnn, "allow_tf32", False))
        yield


@contextmanager
def _deterministic_algorithms() -> Iterator[None]:
    if torch.are_deterministic_algorithms_enabled():  # perhaps strictly, by the user
        yield
        return
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(False, warn_only=warn_only)


@contextmanager
def _switched(owner: Any, name: str, value: Any) -> Iterator[None]:
    before = getattr(owner, name)
    if before == value:
        yield
        return
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)
