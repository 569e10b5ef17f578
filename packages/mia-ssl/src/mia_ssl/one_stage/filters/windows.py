"""Sums over sliding windows, as additions of shifted memory.

Adding a flat tensor to itself, shifted, sums over pairs of pixels; doubling that takes a window of
n pixels in about log2(n) additions of whole batches. Windows that run over a row's end sum pixels
of the next one: those positions are not handed out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor


_CACHE = 16 * 224 * 224  # pixels


def box_sums(x: Tensor, height: int, width: int) -> Tensor:
    """Sum over each box of [N, H, W]: a view [N, H - height + 1, W - width + 1], not contiguous.

    Sums wrap around where they pass the dtype's largest value.
    """
    count, rows, columns = x.shape
    flat = run_sums(run_sums(x.reshape(-1), width, 1), height, columns)
    shape = (count, rows - height + 1, columns - width + 1)
    return flat.as_strided(shape, (rows * columns, columns, 1))


def run_sums(x: Tensor, length: int, stride: int) -> Tensor:
    """Sum of ``length`` values, ``stride`` apart, from each position of a flat tensor on.

    The last (length - 1) * stride positions, which have fewer values after them, are left out.
    """
    end = len(x) - (length - 1) * stride
    out, done = x[:0], 0  # sums of the first ``done`` values
    doubled, size = x, 1  # sums of ``size`` values
    while size <= length:
        if length & size:
            part = doubled[done * stride :][:end]
            out = out[:end] + part if done else part
            done += size
        size *= 2
        if size <= length:
            shift = size // 2 * stride
            doubled = doubled[:-shift] + doubled[shift:]
    return out


def replicated(x: Tensor, margin: int) -> Tensor:
    """[N, H, W] -> [N, H + 2 margin, W + 2 margin], the border's values repeated outwards."""
    count, height, width = x.shape
    out = x.new_empty(count, height + 2 * margin, width + 2 * margin)
    middle = out[:, margin:-margin]
    middle[:, :, margin:-margin] = x
    middle[:, :, :margin] = x[:, :, :1]
    middle[:, :, -margin:] = x[:, :, -1:]
    out[:, :margin] = middle[:, :1]
    out[:, -margin:] = middle[:, -1:]
    return out


def cached(planes: Tensor) -> tuple[Tensor, ...]:
    """[C, N, H, W] in parts of the N that a CPU's cache holds; whole on other devices."""
    if planes.device.type != "cpu":
        return (planes,)
    return planes.split(max(_CACHE // planes[:, 0].numel(), 1), 1)


def above(x: Tensor, threshold: int) -> Tensor:
    """1 where x is above the threshold, else 0: contiguous uint8 of the same shape."""
    # Written into uint8: a comparison into bool is twenty times slower on a CPU.
    out = torch.empty(x.shape, dtype=torch.uint8, device=x.device)
    return torch.gt(x, threshold, out=out)
