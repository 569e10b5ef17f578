"""Patches resampled to the size at which they are pasted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from mia_ssl.pasting.paste_regions import Regions

if TYPE_CHECKING:
    from torch import Tensor

    from mia_ssl.pasting.canvas import Canvas
    from mia_ssl.pasting.patches import Patches


def resampled(canvas: Canvas, patches: Patches, rows: int, columns: int) -> tuple[Tensor, Tensor]:
    """Cut patches and their foreground, resized and padded to rows x columns.

    Between pixels gray levels are linear, as OpenCV's resize has them; the foreground is that of
    the nearest pixel.

    Returns:
        float32 [C, P, rows, columns] and uint8 [P, rows, columns].
    """
    shape = canvas.sides
    source, target = patches.source, patches.target
    if torch.equal(source.height, target.height) and torch.equal(source.width, target.width):
        region = Regions(patches.origin, source)
        mask = region.cut_padded(canvas.source_mask[None], rows, columns)[0]
        return region.cut_padded(canvas.sources, rows, columns).float(), mask
    row, next_row, down, near_row = _between(source.height, target.height, rows)
    column, next_column, across, near_column = _between(source.width, target.width, columns)
    lines = (patches.origin * shape[0] + source.top)[:, None]

    def index_of(row: Tensor, column: Tensor) -> Tensor:
        return ((lines + row) * shape[1] + source.left[:, None])[:, :, None] + column[:, None, :]

    def line(row: Tensor) -> Tensor:
        here = gather(canvas.sources, index_of(row, column)).float()
        there = gather(canvas.sources, index_of(row, next_column)).float()
        return here.add_(there.sub_(here).mul_(across[:, None, :]))

    here, there = line(row), line(next_row)
    patch = here.add_(there.sub_(here).mul_(down[:, :, None]))
    nearest = gather(canvas.source_mask[None], index_of(near_row, near_column))[0]
    return patch, nearest


def gather(planes: Tensor, index: Tensor) -> Tensor:
    """Return pixels of all channels: [C, N, H, W] at flat indices of any shape -> [C, ...]."""
    flat = index.reshape(-1)
    # Plane by plane: choosing along the first of several dimensions is many times faster on a CPU.
    parts = [plane.reshape(-1).index_select(0, flat) for plane in planes]
    return torch.stack(parts).view(len(planes), *index.shape)


def _between(old: Tensor, new: Tensor, length: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Find the places of ``new`` pixels among ``old`` ones, repeated past their end.

    Returns:
        [P, length] each: the pixel before, the one after, the fraction of the way between them
        (float32), and the nearest pixel.
    """
    step = torch.arange(length, device=old.device)
    step = torch.minimum(step, new[:, None] - 1)
    exact = (step + 0.5) * (old / new)[:, None] - 0.5
    last = old[:, None] - 1
    exact = torch.minimum(exact.clamp_(min=0), last)
    before = exact.floor().long()
    nearest = torch.minimum(step * old[:, None] // new[:, None], last)
    return before, torch.minimum(before + 1, last), exact - before, nearest
