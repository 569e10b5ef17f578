"""Patches that replace the image, or are mixed with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from mia_ssl.memory import on_cpu
from mia_ssl.pasting.paste_regions import Regions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mia_ssl.pasting.canvas import Canvas
    from mia_ssl.pasting.patches import Patches


def swap(canvas: Canvas, patches: Patches) -> None:
    """Replace the image's pixels by the patch's.

    Paper: https://arxiv.org/abs/2104.04015
    """
    if on_cpu(canvas.pasted):
        for _, box, patch, inside in _one_by_one(canvas, patches):
            np.copyto(box, patch, where=inside)
        return
    source, target = _ends(patches)
    where = target.cut(canvas.mask[None]).bitwise_or_(source.cut(canvas.source_mask[None]))
    image = target.cut(canvas.pasted)
    step = source.cut(canvas.sources).sub_(image).mul_(where)  # uint8, exact as it wraps
    target.write(canvas.pasted, image.add_(step))


def convex(canvas: Canvas, patches: Patches) -> None:
    """Write the image plus factor * (patch - image), rounded down.

    Paper: https://arxiv.org/abs/2011.04197
    """
    if on_cpu(canvas.pasted):
        factors = canvas.factor.numpy()
        for number, box, patch, inside in _one_by_one(canvas, patches):
            mixed = np.subtract(patch, box, dtype=np.float32)
            mixed *= factors[number]
            mixed *= inside
            mixed += box
            box[...] = mixed  # cut off to whole numbers
        return
    source, target = _ends(patches)
    where = target.cut(canvas.mask[None]).bitwise_or_(source.cut(canvas.source_mask[None]))
    image = target.cut(canvas.pasted).float()
    step = source.cut(canvas.sources).float().sub_(image).mul_(where)
    step.mul_(target.spread(canvas.factor[patches.image]))
    target.write(canvas.pasted, image.add_(step).to(torch.uint8))


def _one_by_one(
    canvas: Canvas, patches: Patches
) -> Iterator[tuple[int, np.ndarray, np.ndarray, np.ndarray]]:
    """Yield image number, its pixels to write to [C, h, w], the patch [C, h, w], the mask [h, w].

    On a CPU one patch is worth a call: it stays in the cache from one step to the next.
    """
    pasted, sources = canvas.pasted.numpy(), canvas.sources.numpy()
    mask, source_mask = (m.numpy().view(np.bool_) for m in (canvas.mask, canvas.source_mask))
    targets = patches.target.slices(patches.image)
    cut = patches.source.slices(patches.origin)
    for (image, (rows, columns)), (origin, (from_rows, from_columns)) in zip(
        targets, cut, strict=True
    ):
        patch = sources[:, origin, from_rows, from_columns]
        where = mask[image, rows, columns] | source_mask[origin, from_rows, from_columns]
        yield image, pasted[:, image, rows, columns], patch, where


def _ends(patches: Patches) -> tuple[Regions, Regions]:
    """Return the patches' pixels in the sources and in the images, as many of both."""
    return Regions(patches.origin, patches.source), Regions(patches.image, patches.target)
