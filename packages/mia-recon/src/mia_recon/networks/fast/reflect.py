"""Reflection padding whose gradient is the same in every run."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.jit._trace import is_tracing
from torch.nn import functional as F


def reflect_pad(x: Tensor) -> Tensor:
    """Add one mirrored pixel on each side: [B, C, H, W] -> [B, C, H + 2, W + 2].

    Height and width must be at least 2.
    """
    if is_tracing():  # other programs have the padding, and need no gradient
        return F.pad(x, (1, 1, 1, 1), mode="reflect")
    return _Reflect.apply(x)


class _Reflect(torch.autograd.Function):
    """PyTorch's padding with a gradient of our own.

    PyTorch's gradient adds in any order on CUDA; its repeatable one (2.6 and later) misses a corner
    if the image has 3 pixels. On a CPU ours takes half the time for large images.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return F.pad(x, (1, 1, 1, 1), mode="reflect")

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        """Add the border's gradient, corners first, to that of the pixels it mirrors."""
        is_channels_last = gradient.is_contiguous(memory_format=torch.channels_last)
        layout = torch.channels_last if is_channels_last else torch.contiguous_format
        top, bottom = gradient[:, :, 0], gradient[:, :, -1]
        inside = gradient[:, :, 1:-1, 1:-1].clone(memory_format=layout)
        inside[:, :, 1] += top[..., 1:-1]
        inside[:, :, -2] += bottom[..., 1:-1]
        for column, mirrored in ((0, 1), (-1, -2)):
            side = gradient[:, :, 1:-1, column].clone()
            side[..., 1] += top[..., column]
            side[..., -2] += bottom[..., column]
            inside[..., mirrored] += side
        return inside
