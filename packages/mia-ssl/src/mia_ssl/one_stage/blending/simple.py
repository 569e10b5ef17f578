"""Patches that replace the image, or are mixed with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mia_ssl.one_stage.canvas import gather, pixels, scatter

if TYPE_CHECKING:
    from torch import Tensor

    from mia_ssl.one_stage.boxes import Patches
    from mia_ssl.one_stage.canvas import Canvas


def swap(canvas: Canvas, patches: Patches) -> None:
    """The patch's pixels take the place of the image's.

    Paper: https://arxiv.org/abs/2104.04015
    """
    index, patch, image, where = _cut(canvas, patches)
    scatter(canvas.pasted, index, image + (patch - image) * where)  # uint8, exact as it wraps


def convex(canvas: Canvas, patches: Patches) -> None:
    """The image plus factor * (patch - image), rounded.

    Paper: https://arxiv.org/abs/2011.04197
    """
    index, patch, image, where = _cut(canvas, patches)
    areas = patches.target.height * patches.target.width
    factor = canvas.factor[patches.image].repeat_interleave(areas)
    mixed = image.float()
    step = patch.float().sub_(mixed).mul_(factor).mul_(where)
    scatter(canvas.pasted, index, mixed.add_(step).round_().byte())


def _cut(canvas: Canvas, patches: Patches) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Flat index, patch [C, T], image [C, T] and where either is foreground [T]."""
    height, width = canvas.sides
    target = pixels(patches.image, patches.target, height, width)
    # Patches are as large where they are cut as where they go: the way between is one for each.
    rows = (patches.origin - patches.image) * height + patches.source.top - patches.target.top
    way = rows * width + patches.source.left - patches.target.left
    source = target + way.repeat_interleave(patches.target.height * patches.target.width)
    where = gather(canvas.source_mask[None], source)[0] | gather(canvas.mask[None], target)[0]
    return target, gather(canvas.sources, source), gather(canvas.pasted, target), where
