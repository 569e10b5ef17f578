"""The same numbers in every run: what PyTorch's switches have to be on a CUDA device."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def repeatable(device: torch.device, *, full_precision: bool = False) -> Iterator[None]:
    """Only kernels that give the same result each time, for a while; other devices have no others.

    The fastest of CUDA's add in the order in which threads finish. An operation that has no
    repeatable one runs all the same, and PyTorch warns of it. The switches are the process's: they
    hold for whatever else it computes meanwhile. ``CUBLAS_WORKSPACE_CONFIG`` is set for good where
    it is not yet: cuBLAS reads it once, and PyTorch asks whether it is there.

    Args:
        device: Where the networks are.
        full_precision: Whether convolutions multiply all digits of float32 too. Otherwise PyTorch
            lets them round to TF32, 10 bits, where the card can: faster, and good enough to train.
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
        # It takes the kernel that was fastest just now: another one each time.
        stack.enter_context(_switched(cudnn, "benchmark", False))
        if full_precision and hasattr(cudnn, "conv"):  # from PyTorch 2.9 on
            stack.enter_context(_switched(cudnn.conv, "fp32_precision", "ieee"))
        elif full_precision:
            stack.enter_context(_switched(cudnn, "allow_tf32", False))
        yield


@contextmanager
def _deterministic_algorithms() -> Iterator[None]:
    if torch.are_deterministic_algorithms_enabled():  # maybe so that others are an error
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
