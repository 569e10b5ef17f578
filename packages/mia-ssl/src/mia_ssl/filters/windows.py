"""Sums over sliding windows, as additions of shifted memory.

Adding a flat tensor to itself, shifted, sums over pairs of pixels; doubling that takes a window of
n pixels in about log2(n) additions of whole batches. Windows that run over a row's end sum pixels
of the next one: those positions are not handed out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor


def box_sums(x: Tensor, height: int, width: int, memory: Tensor | None = None) -> Tensor:
    """Sum over each box of [N, H, W]: a view [N, H - height + 1, W - width + 1], not contiguous.

    Sums wrap around where they pass the dtype's largest value. With ``memory`` [2, N H W or more],
    of x's dtype, no more is needed: it and x are overwritten.
    """
    count, rows, columns = x.shape
    flat = x.reshape(-1)
    if memory is None:
        flat, memory = flat.clone(), x.new_empty(2, x.numel())
    lines = run_sums(flat, width, 1, memory.unbind())
    free = [part for part in (*memory, flat) if part.data_ptr() != lines.data_ptr()]
    sums = run_sums(lines, height, columns, free)
    shape = (count, rows - height + 1, columns - width + 1)
    return sums.as_strided(shape, (rows * columns, columns, 1), sums.storage_offset())


def run_sums(x: Tensor, length: int, stride: int, memory: Sequence[Tensor] | None = None) -> Tensor:
    """Sum of ``length`` values, ``stride`` apart, from each position of a flat tensor on.

    The last (length - 1) * stride positions, which have fewer values after them, are left out.
    ``memory``, two of x's length or longer, is worked in where given: the result lies in it.
    """
    memory = x.new_empty(2, len(x)).unbind() if memory is None else memory
    sums, size = x, 1  # sums of ``size`` values
    for turn, bit in enumerate(bin(length)[3:]):  # binary digits after the first
        end = len(sums) - size * stride
        sums = torch.add(sums[:end], sums[size * stride :], out=memory[turn % 2][:end])
        size *= 2
        if bit == "1":
            sums = sums[: end - stride].add_(x[size * stride :])
            size += 1
    return sums


def replicate(x: Tensor, margin: int) -> Tensor:
    """Repeat what lies inside the margins of [N, H, W] outwards, in place; the same tensor."""
    middle = x[:, margin:-margin]
    middle[:, :, :margin] = middle[:, :, margin : margin + 1]
    middle[:, :, -margin:] = middle[:, :, -margin - 1 : -margin]
    x[:, :margin] = middle[:, :1]
    x[:, -margin:] = middle[:, -1:]
    return x


def replicated(x: Tensor, margin: int) -> Tensor:
    """[N, H, W] -> [N, H + 2 margin, W + 2 margin], the border's values repeated outwards."""
    count, height, width = x.shape
    out = x.new_empty(count, height + 2 * margin, width + 2 * margin)
    out[:, margin:-margin, margin:-margin] = x
    return replicate(out, margin)


def above(x: Tensor, threshold: int, out: Tensor | None = None) -> Tensor:
    """1 where x is above the threshold, else 0: uint8 of the same shape, new or given."""
    # Written into uint8: a comparison into bool is twenty times slower on a CPU.
    if out is None:
        out = torch.empty(x.shape, dtype=torch.uint8, device=x.device)
    return torch.gt(x, threshold, out=out)
