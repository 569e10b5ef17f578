"""Patches that replace the image, or are mixed with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from mia_ssl.pasting.paste_regions import Regions
from mia_ssl.pasting.patch_masks import ListedMasks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mia_ssl.pasting.canvas import Canvas
    from mia_ssl.pasting.patches import Patches


def swap(canvas: Canvas, patches: Patches) -> None:
    """Replace the image's pixels by the patch's.

    Paper: https://arxiv.org/abs/2104.04015
    """
    if isinstance(patches.masks, ListedMasks):
        for _, box, patch, inside in _one_by_one(canvas, patches, patches.masks):
            np.copyto(box, patch, where=True if inside is None else inside)
        return
    for part in patches.in_turn():
        _swap_at_once(canvas, part)


def _swap_at_once(canvas: Canvas, patches: Patches) -> None:
    source, target = _ends(patches)
    where = target.cut(canvas.mask[None]).bitwise_or_(source.cut(canvas.source_mask[None]))
    image = target.cut(canvas.pasted)
    step = source.cut(canvas.sources).sub_(image).mul_(where)  # uint8, exact as it wraps
    target.write(canvas.pasted, image.add_(step))


def convex(canvas: Canvas, patches: Patches) -> None:
    """Write the image plus factor * (patch - image), rounded down.

    Paper: https://arxiv.org/abs/2011.04197
    """
    if isinstance(patches.masks, ListedMasks):
        factors = canvas.factor.numpy()
        for number, box, patch, inside in _one_by_one(canvas, patches, patches.masks):
            # Operations on bytes and floats together would take half as long again.
            image, mixed = box.astype(np.float32), patch.astype(np.float32)
            mixed -= image
            mixed *= factors[number]
            if inside is not None:
                mixed *= inside
            mixed += image
            box[...] = mixed  # cut off to whole numbers
        return
    for part in patches.in_turn():
        _mix_at_once(canvas, part)


def _mix_at_once(canvas: Canvas, patches: Patches) -> None:
    source, target = _ends(patches)
    where = target.cut(canvas.mask[None]).bitwise_or_(source.cut(canvas.source_mask[None]))
    image = target.cut(canvas.pasted).float()
    step = source.cut(canvas.sources).float().sub_(image).mul_(where)
    step.mul_(target.spread(canvas.factor[patches.image]))
    target.write(canvas.pasted, image.add_(step).to(torch.uint8))


def _one_by_one(
    canvas: Canvas, patches: Patches, masks: ListedMasks
) -> Iterator[tuple[int, np.ndarray, np.ndarray, np.ndarray | None]]:
    """Yield image number, its pixels [C, h, w], the patch [C, h, w], and where to paste [h, w].

    On a CPU one patch is worth a call: it stays in the cache from one step to the next. None
    stands for everywhere.
    """
    pasted, sources = canvas.pasted.numpy(), canvas.sources.numpy()
    targets = list(patches.target.slices(patches.image))
    cut = patches.source.slices(patches.origin)
    unions = masks.unions(canvas.mask, targets)
    for (image, box), (origin, (rows, columns)), where in zip(targets, cut, unions, strict=True):
        yield image, pasted[:, image, box[0], box[1]], sources[:, origin, rows, columns], where


def _ends(patches: Patches) -> tuple[Regions, Regions]:
    """Return the patches' pixels in the sources and in the images, as many of both."""
    return Regions(patches.origin, patches.source), Regions(patches.image, patches.target)
