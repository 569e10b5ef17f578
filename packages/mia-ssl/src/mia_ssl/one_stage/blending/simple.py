"""Patches that replace the image, or are mixed with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from mia_ssl.regions import Regions

if TYPE_CHECKING:
    from mia_ssl.one_stage.canvas import Canvas
    from mia_ssl.one_stage.patches import Patches


def swap(canvas: Canvas, patches: Patches) -> None:
    """The patch's pixels take the place of the image's.

    Paper: https://arxiv.org/abs/2104.04015
    """
    source, target = _ends(patches)
    where = target.cut(canvas.mask[None]).bitwise_or_(source.cut(canvas.source_mask[None]))
    image = target.cut(canvas.pasted)
    step = source.cut(canvas.sources).sub_(image).mul_(where)  # uint8, exact as it wraps
    target.write(canvas.pasted, image.add_(step))


def convex(canvas: Canvas, patches: Patches) -> None:
    """The image plus factor * (patch - image), rounded.

    Paper: https://arxiv.org/abs/2011.04197
    """
    source, target = _ends(patches)
    where = target.cut(canvas.mask[None]).bitwise_or_(source.cut(canvas.source_mask[None]))
    image = target.cut(canvas.pasted).float()
    step = source.cut(canvas.sources).float().sub_(image).mul_(where)
    step.mul_(target.spread(canvas.factor[patches.image]))
    # By way of int16, many times as fast as straight to uint8 on a CPU.
    mixed = image.add_(step).round_().to(torch.int16).to(torch.uint8)
    target.write(canvas.pasted, mixed)


def _ends(patches: Patches) -> tuple[Regions, Regions]:
    """Where the patches' pixels come from and where they go, as many at both ends."""
    return Regions(patches.origin, patches.source), Regions(patches.image, patches.target)
