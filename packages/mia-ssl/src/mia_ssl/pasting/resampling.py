"""Patches resampled to the size at which they are pasted, to the digit as OpenCV resizes uint8.

Weights are whole numbers of 1/2048, and so are the sums along a row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from mia_ssl.pasting.paste_regions import Regions

if TYPE_CHECKING:
    from torch import Tensor

    from mia_ssl.pasting.boxes import Boxes

_ONE = 2048  # weight of a pixel that is hit exactly


def resample_padded(
    planes: Tensor, origin: Tensor, source: Boxes, target: Boxes, rows: int, columns: int
) -> Tensor:
    """Cut boxes and resize them, linear between pixels.

    Args:
        planes: uint8 [C, M, H, W].
        origin: Which of the M images each box lies in, int64 [P].
        source: [P].
        target: Boxes of the new sizes, [P].
        rows: Of the result.
        columns: Of the result.

    Returns:
        uint8 [C, P, rows, columns]; each box in the upper left corner, then padding.
    """
    if _same_size(source, target):
        return Regions(origin, source).cut_padded(planes, rows, columns)
    height, width = planes.shape[2:]
    upper, lower, down = _between(source.height, target.height, rows)
    left, right, across = _between(source.width, target.width, columns)
    first = (origin * height + source.top)[:, None]
    across = across[:, None, :]

    def line(row: Tensor) -> Tensor:
        start = ((first + row) * width + source.left[:, None])[:, :, None]
        here = gather(planes, start + left[:, None, :]).int()
        there = gather(planes, start + right[:, None, :]).int()
        return there.sub_(here).mul_(across).add_(here.mul_(_ONE))

    return _mix_lines(line(upper), line(lower), down[:, :, None]).to(torch.uint8)


def resample_masks(masks: list[np.ndarray], source: Boxes, target: Boxes) -> list[np.ndarray]:
    """Resize masks, one by one.

    Args:
        masks: P bool arrays [h, w], of the sizes of ``source``.
        source: [P].
        target: Boxes of the new sizes, [P].
    """
    if _same_size(source, target):
        return masks
    down, across = (
        zip(*(part.numpy() for part in _between(old, new, int(new.max()))), strict=True)
        for old, new in ((source.height, target.height), (source.width, target.width))
    )
    sizes = torch.stack((target.height, target.width), 1).tolist()
    resized = []
    for mask, (height, width), rows, columns in zip(masks, sizes, down, across, strict=True):
        if mask.shape == (height, width):
            resized.append(mask)
        elif mask.all():
            resized.append(np.ones((height, width), np.bool_))
        else:
            lines = [part[:height] for part in rows], [part[:width] for part in columns]
            resized.append(_resample_mask(mask, *lines))
    return resized


def _resample_mask(
    mask: np.ndarray, lines: list[np.ndarray], columns: list[np.ndarray]
) -> np.ndarray:
    upper, lower, down = lines
    left, right, across = columns
    here = mask[:, left].astype(np.int32)
    mixed = here * _ONE + (mask[:, right] - here) * across
    return _mix_lines(mixed[upper], mixed[lower], down[:, None]) > 0


def _mix_lines(upper: Any, lower: Any, down: Any) -> Any:
    """Mix lines that are sums of weights and values, and round as OpenCV does."""
    first = ((upper >> 4) * (_ONE - down)) >> 16
    second = ((lower >> 4) * down) >> 16
    return (first + second + 2) >> 2


def _same_size(source: Boxes, target: Boxes) -> bool:
    same_height = torch.equal(source.height, target.height)
    return same_height and torch.equal(source.width, target.width)


def gather(planes: Tensor, index: Tensor) -> Tensor:
    """Return pixels of all channels: [C, N, H, W] at flat indices of any shape -> [C, ...]."""
    flat = index.reshape(-1)
    # Plane by plane: choosing along the first of several dimensions is many times faster on a CPU.
    parts = [plane.reshape(-1).index_select(0, flat) for plane in planes]
    return torch.stack(parts).view(len(planes), *index.shape)


def _between(old: Tensor, new: Tensor, length: int) -> tuple[Tensor, Tensor, Tensor]:
    """Find the places of ``new`` pixels among ``old`` ones, repeated past their end.

    Returns:
        [P, length] each: the pixel before and the one after, int64, and the weight of the latter,
        int32 of 0 to 2048.
    """
    step = torch.arange(length, device=old.device)
    step = torch.minimum(step, new[:, None] - 1)
    exact = ((step + 0.5) * (1 / (new.double() / old))[:, None] - 0.5).float()
    last = old[:, None] - 1
    before = exact.floor().long()
    weight = (exact - before).mul_(_ONE).round_().int()
    return before.clamp(min=0).minimum(last), (before + 1).minimum(last).clamp_(min=0), weight
