"""Exact medians over squares and disks, without sorting."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from mia_ssl.filters.windows import Line, above, box_sums, replicate, run_sums
from mia_ssl.memory import on_cpu

if TYPE_CHECKING:
    from torch import Tensor

RADIUS = 5  # of the disk
_SIZE = 2 * RADIUS + 1
_HALF = 40  # of the 81 pixels of the disk
_CACHE = 16 * 230 * 230  # pixels at a time that a CPU's cache holds
_WORKING_SET = 1 << 19  # pixels times thresholds at once: as many as a CPU's cache holds
_MANY = 1 << 25  # the same where calls are dear


def median_above(x: Tensor, size: int, threshold: int) -> Tensor:
    """Mark pixels whose median over size x size pixels is above a threshold.

    There most of the pixels are above it, so that they only have to be counted. Beyond the border
    the border is repeated.

    Args:
        x: uint8 or int16 [N, H, W].
        size: Side of the square, odd, at most 15 (the count has to fit into uint8).
        threshold: Value that the median must pass.

    Returns:
        uint8 [N, H, W] of 0 and 1.
    """
    margin = size // 2
    count, height, width = x.shape
    padded = (height + 2 * margin, width + 2 * margin)
    # On a CPU a few images at a time, in memory that stays in its cache.
    step = max(_CACHE // math.prod(padded), 1) if x.device.type == "cpu" else count
    out = torch.empty(x.shape, dtype=torch.uint8, device=x.device)
    memory = out.new_empty((3, min(step, count) * math.prod(padded)))
    for part, result in zip(x.split(step), out.split(step), strict=True):
        frame = memory[2, : len(part) * math.prod(padded)].view(-1, *padded)
        above(part, threshold, out=frame[:, margin:-margin, margin:-margin])
        mostly(replicate(frame, margin), size, memory[:2], out=result)
    return out


def mostly(x: Tensor, size: int, memory: Tensor | None = None, out: Tensor | None = None) -> Tensor:
    """Mark positions from which on most of the size x size pixels are 1.

    Args:
        x: uint8 [N, H, W] of 0 and 1.
        size: Side of the square, odd, at most 15.
        memory: Working memory, see ``box_sums``.
        out: Memory for the result, see ``above``.

    Returns:
        uint8 [N, H - size + 1, W - size + 1] of 0 and 1.
    """
    return above(box_sums(x, size, size, memory), size * size // 2, out)


def disk_median(x: Tensor, highest: int) -> Tensor:
    """Return the median over a disk of radius 5, 81 pixels, around each pixel that has all of them.

    A median of whole numbers is the number of thresholds 1, 2, ... that most of the window
    reaches: all thresholds are counted at once.

    Args:
        x: uint8 or int16 [P, H, W], 0 or above.
        highest: The largest value that matters; larger medians come back as this.

    Returns:
        Of x's dtype, [P, H - 10, W - 10].
    """
    count, height, width = x.shape
    shape = (count, height - _SIZE + 1, width - _SIZE + 1)
    if highest == 0:
        return x.new_zeros(shape)
    out = x.new_zeros(shape)
    steps = max((_WORKING_SET if on_cpu(x) else _MANY) // x.numel(), 1)
    for first in range(0, highest, steps):
        levels = torch.arange(first, min(first + steps, highest) + 1, device=x.device).to(x.dtype)
        below = torch.minimum(x.view(1, -1), levels[:, None])
        reached = (below[1:] - below[:-1]).to(torch.uint8)  # x >= first + 1, first + 2, ...
        line = reached.view(-1)
        counts = torch.as_tensor(_disk_counts(line.numpy() if on_cpu(line) else line, width))
        places = (len(reached), *shape), (x.numel(), height * width, width, 1)
        out += above(counts.as_strided(*places), _HALF).sum(0, dtype=x.dtype)
    return out


def _disk_counts(x: Line, width: int) -> Line:
    """Sum over the disk in the 11 x 11 pixels from each position of a flat tensor or array on.

    The disk is the 9 x 9 square without its four corners and with the four tips of its axes.
    """
    end = len(x) - (_SIZE - 1) * (width + 1)
    last, far = _SIZE - 1, _SIZE - 2

    def at(row: int, column: int, values: Line = x) -> Line:
        return values[row * width + column :][:end]

    library: Any = np if isinstance(x, np.ndarray) else torch
    memory = [library.empty_like(x) for _ in range(3)]
    lines = run_sums(x, _SIZE - 2, 1, (memory[0], memory[1]))
    square = run_sums(lines, _SIZE - 2, width, (memory[1], memory[2]))
    out = library.add(at(1, 1, square), at(0, RADIUS), out=memory[0][:end])
    for tip in (at(last, RADIUS), at(RADIUS, 0), at(RADIUS, last)):
        library.add(out, tip, out=out)
    # Two in a row of the square.
    corners = library.add(x[: len(x) - far + 1], x[far - 1 :], out=memory[2][: len(x) - far + 1])
    library.subtract(out, at(1, 1, corners), out=out)
    return library.subtract(out, at(far, 1, corners), out=out)
