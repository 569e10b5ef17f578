"""Sums over sliding windows, as additions of shifted memory.

Adding a flat tensor to itself, shifted, sums over pairs of pixels; doubling that takes a window of
n pixels in about log2(n) additions of whole batches. Windows that run over a row's end sum pixels
of the next one: those positions are not handed out.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from mia_ssl.memory import on_cpu

Line = Any  # a flat tensor, or an array of NumPy


def box_sums(x: Tensor, height: int, width: int, memory: Tensor | None = None) -> Tensor:
    """Sum over each box of height x width pixels.

    Sums wrap around where they pass the dtype's largest value.

    Args:
        x: [N, H, W].
        height: Rows of a box.
        width: Columns of a box.
        memory: Working memory, [2, N H W or more], of x's dtype; it and x are overwritten. None:
            new memory, and x stays.

    Returns:
        [N, H - height + 1, W - width + 1] of x's dtype; a view that is not contiguous.
    """
    count, rows, columns = x.shape
    flat = x.reshape(-1)
    if memory is None:
        flat, memory = flat.clone(), x.new_empty(2, x.numel())
    parts: list[Line] = [flat, *memory]
    if on_cpu(x):  # NumPy adds bytes half as fast again
        parts = [part.numpy() for part in parts]
    sums = torch.as_tensor(_box_sums(parts, height, width, columns))
    shape = (count, rows - height + 1, columns - width + 1)
    return sums.as_strided(shape, (rows * columns, columns, 1), sums.storage_offset())


def _box_sums(parts: list[Line], height: int, width: int, columns: int) -> Line:
    x, first, second = parts
    lines = run_sums(x, width, 1, (first, second))
    return run_sums(lines, height, columns, (second, first if lines is x else x))


def run_sums(x: Line, length: int, stride: int, memory: tuple[Line, Line] | None = None) -> Line:
    """Sum ``length`` values, ``stride`` apart, from each position of a flat tensor or array on.

    The last (length - 1) * stride positions, which have fewer values after them, are left out.

    Args:
        x: Flat tensor or array.
        length: Number of values in a sum.
        stride: Step from one value of a sum to the next.
        memory: Working memory, two of x's length or longer; the result lies in the first. None:
            new memory.
    """
    library = np if isinstance(x, np.ndarray) else torch
    memory = (library.empty_like(x), library.empty_like(x)) if memory is None else memory
    sums, size = x, 1  # sums of ``size`` values
    digits = bin(length)[3:]  # binary, after the first
    for left, bit in enumerate(digits, 1 - len(digits)):
        end = len(sums) - size * stride
        sums = library.add(sums[:end], sums[size * stride :], out=memory[left % 2][:end])
        size *= 2
        if bit == "1":
            sums = sums[: end - stride]
            library.add(sums, x[size * stride :], out=sums)
            size += 1
    return sums


def replicate(x: Tensor, margin: int) -> Tensor:
    """Repeat the border inside the margins of [N, H, W] outwards, in place; return the tensor."""
    line: Any = x.numpy() if on_cpu(x) else x
    middle = line[:, margin:-margin]
    # Column by column: broadcasting to a few columns is slow.
    for column in range(margin):
        middle[..., column] = middle[..., margin]
        middle[..., -1 - column] = middle[..., -1 - margin]
    line[:, :margin] = middle[:, :1]
    line[:, -margin:] = middle[:, -1:]
    return x


def above(x: Tensor, threshold: int, out: Tensor | None = None) -> Tensor:
    """Return 1 where x is above the threshold and 0 elsewhere: uint8, new or in ``out``."""
    # Written into uint8: a comparison into bool is twenty times slower on a CPU.
    if out is None:
        out = torch.empty(x.shape, dtype=torch.uint8, device=x.device)
    return torch.gt(x, threshold, out=out)
