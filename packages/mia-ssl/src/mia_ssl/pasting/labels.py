"""Labels: 0 where an image has not changed, and a degree of change where it has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from mia_ssl.filters.medians import RADIUS, disk_median, mostly
from mia_ssl.filters.windows import above
from mia_ssl.pasting.boxes import Boxes
from mia_ssl.pasting.packed_strip import PackedStrip

if TYPE_CHECKING:
    from torch import Tensor

    from mia_ssl.pasting.canvas import Canvas
    from mia_ssl.pasting.options import PatchOptions
    from mia_ssl.pasting.patches import Patches
    from mia_ssl.pasting.recipe import Recipe

MEDIAN = 5  # removes grains of what has changed
_REACH = MEDIAN // 2  # pixels around a patch that it may find changed
_ROWS = 4096  # of a strip at once: as much as a CPU's cache holds


def write_label(
    out: Tensor,
    recipe: Recipe,
    before: Tensor,
    canvas: Canvas,
    patches: Patches,
    options: PatchOptions,
) -> None:
    """Write the labels of a batch.

    Args:
        out: float32 [N, H, W] of zeros.
        recipe: See ``Recipe.label``.
        before: The images before anything was pasted, uint8 [C, N, H, W].
        canvas: After it.
        patches: All patches that were pasted.
        options: See there.
    """
    if not len(patches):
        return
    levels = _LEVELS.get(recipe.label)
    # Pixels around a patch whose label is not 0: a raw difference is not limited to the changed.
    around = _REACH + RADIUS if recipe.label == "intensity" else _REACH
    margin = _REACH + RADIUS if levels else _REACH
    strip = PackedStrip(patches.image, _grown(patches.target, around, *out.shape[1:]), margin)
    stacks = [before, canvas.pasted]
    if recipe.changes_background:
        stacks.append(pasted_foreground(canvas, patches)[None])
    first, second, *foreground = strip.cut(*stacks)
    apart = difference(first, second)
    for mask in foreground:
        apart *= mask[0]
    label = changed(apart, options.tolerance * len(before))
    if levels:
        apart = apart[_REACH:-_REACH, _REACH:-_REACH] * label
        strip.repeat_border(apart, *out.shape[1:], lost=_REACH)
        degree = graded(apart, levels(len(before), options))
        inside = label[RADIUS:-RADIUS, RADIUS:-RADIUS]
        label = degree if recipe.label == "intensity" else degree * inside
    strip.write(out, label, canvas.factor if recipe.label == "factor" else None)


def pasted_foreground(canvas: Canvas, patches: Patches) -> Tensor:
    """Return 1 where a patch lies that is foreground, or lies on it: uint8 [N, H, W]."""
    out = torch.zeros_like(canvas.mask)
    for part in patches.in_turn():
        part.masks.write_union(out, canvas.mask, part.image, part.target)
    return out


def difference(before: Tensor, after: Tensor) -> Tensor:
    """Return the absolute difference summed over the channels: uint8 [C, ...] -> [...].

    The sum is uint8 for one channel, int16 for more.
    """
    apart = torch.maximum(before, after).sub_(torch.minimum(before, after))
    return apart[0] if len(apart) == 1 else apart.sum(0, dtype=torch.int16)


def changed(apart: Tensor, tolerance: int) -> Tensor:
    """Return 1 where the difference is above the tolerance, median filtered.

    Args:
        apart: Summed difference, [H, W].
        tolerance: For the sum.

    Returns:
        uint8 [H - 4, W - 4] of 0 and 1.
    """
    return mostly(above(apart, tolerance)[None], MEDIAN)[0]


def logistic_levels(channels: int, options: PatchOptions) -> Tensor:
    """Return the label of each summed difference, up to the first that is 1 in float32."""
    most = options.logistic_center + 18 / options.logistic_slope
    sums = torch.arange(min(max(int(most), 1), 255) * channels + 1, dtype=torch.float64)
    slope, center = options.logistic_slope, options.logistic_center
    return torch.sigmoid(slope * (sums / channels - center)).float()


def raw_levels(channels: int, _: PatchOptions) -> Tensor:
    """Return the mean difference of each summed difference."""
    return (torch.arange(255 * channels + 1, dtype=torch.float64) / channels).float()


_LEVELS = {"logistic": logistic_levels, "intensity": raw_levels}


def graded(apart: Tensor, levels: Tensor) -> Tensor:
    """Return the label of the median difference around each pixel.

    Args:
        apart: Summed difference, [H, W].
        levels: Label of each summed difference, float32; larger differences have the last one.

    Returns:
        float32 [H - 10, W - 10].
    """
    levels = levels.to(apart.device)
    rows = len(apart) - 2 * RADIUS
    medians = []
    for first in range(0, rows, _ROWS):
        part = apart[first : min(first + _ROWS, rows) + 2 * RADIUS]
        highest = min(int(part.max()), len(levels) - 1)
        medians.append(disk_median(part[None].contiguous(), highest)[0])
    return levels[torch.cat(medians).int()]


def _grown(boxes: Boxes, around: int, height: int, width: int) -> Boxes:
    """Return boxes with the pixels around them, up to the border of the image."""
    top, left = (boxes.top - around).clamp(min=0), (boxes.left - around).clamp(min=0)
    bottom = (boxes.top + boxes.height + around).clamp(max=height)
    right = (boxes.left + boxes.width + around).clamp(max=width)
    return Boxes(top, left, bottom - top, right - left)
