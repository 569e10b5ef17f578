"""What the network has to predict: where an image has changed, and how much."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from mia_ssl.boxes import Boxes
from mia_ssl.filters.medians import RADIUS, disk_median, mostly
from mia_ssl.filters.windows import above, replicated
from mia_ssl.one_stage.canvas import groups
from mia_ssl.one_stage.strip import Strip
from mia_ssl.regions import Regions

if TYPE_CHECKING:
    from torch import Tensor

    from mia_ssl.one_stage.canvas import Canvas
    from mia_ssl.one_stage.options import PatchOptions
    from mia_ssl.one_stage.patches import Patches

MEDIAN = 5  # removes grains of what has changed
_REACH = MEDIAN // 2  # how far from a patch it may find something changed


def write_label(
    out: Tensor,
    kind: str,
    before: Tensor,
    canvas: Canvas,
    patches: Patches,
    options: PatchOptions,
) -> None:
    """Write the labels of a batch.

    Args:
        out: float32 [N, H, W] of zeros.
        kind: See ``Method.label``.
        before: The images before anything was pasted, uint8 [C, N, H, W].
        canvas: After it.
        patches: All patches that were pasted.
        options: See there.
    """
    if not len(patches):
        return
    strip, mask = changed(before, canvas.pasted, patches, options)
    if kind in _LEVELS:
        whole = torch.zeros(out.shape, dtype=torch.uint8, device=out.device)
        strip.write(whole, mask)
        levels = _LEVELS[kind](len(before), options)
        write_graded(out, difference(before, canvas.pasted), whole, patches, levels)
        return
    strip.write(out, mask * strip.spread(canvas.factor) if kind == "factor" else mask)


def difference(before: Tensor, after: Tensor) -> Tensor:
    """Absolute difference summed over the channels: uint8 [C, ...] -> [...].

    uint8 for one channel, int16 for more.
    """
    apart = torch.maximum(before, after).sub_(torch.minimum(before, after))
    return apart[0] if len(apart) == 1 else apart.sum(0, dtype=torch.int16)


def changed(
    before: Tensor, after: Tensor, patches: Patches, options: PatchOptions
) -> tuple[Strip, Tensor]:
    """Where the mean difference is above the tolerance, median filtered.

    Only near a patch is looked: nothing else can have changed.

    Args:
        before: uint8 [C, N, H, W].
        after: The same with patches.
        patches: All of them.
        options: See there.

    Returns:
        What lies near the patches, and 1 where it has changed, uint8, as ``Strip.write`` takes it.
    """
    strip = Strip(patches.image, _grown(patches.target, *before.shape[2:]), _REACH)
    apart = difference(*strip.cut(before, after))
    moved = above(apart, options.tolerance * len(before))
    return strip, mostly(moved[None], MEDIAN)[0]


def logistic_levels(channels: int, options: PatchOptions) -> Tensor:
    """The label of each summed difference, up to the first that is 1 in float32."""
    most = options.logistic_centre + 18 / options.logistic_slope
    sums = torch.arange(min(max(int(most), 1), 255) * channels + 1, dtype=torch.float64)
    slope, centre = options.logistic_slope, options.logistic_centre
    return torch.sigmoid(slope * (sums / channels - centre)).float()


def raw_levels(channels: int, _: PatchOptions) -> Tensor:
    """The mean difference of each summed difference."""
    return (torch.arange(255 * channels + 1, dtype=torch.float64) / channels).float()


_LEVELS = {"logistic": logistic_levels, "intensity": raw_levels}


def write_graded(
    out: Tensor, apart: Tensor, mask: Tensor, patches: Patches, levels: Tensor
) -> None:
    """Write the level of the median difference around each changed pixel.

    Args:
        out: float32 [N, H, W] of zeros.
        apart: Summed difference, [N, H, W].
        mask: What has changed, uint8 [N, H, W].
        patches: All patches that were pasted into these images.
        levels: Label of each summed difference, float32; larger differences have the last one.
    """
    height, width = apart.shape[1:]
    levels = levels.to(apart.device)
    margin = replicated(apart, RADIUS)
    boxes = _grown(patches.target, height, width)
    for group, rows, columns in groups(boxes):
        image = patches.image[group]
        top = boxes.top[group].clamp(max=height - rows)
        left = boxes.left[group].clamp(max=width - columns)
        inside = Regions(image, _alike(top, left, rows, columns))
        near = _alike(top, left, rows + 2 * RADIUS, columns + 2 * RADIUS)
        values = Regions(image, near).cut(margin[None]).view(len(group), rows + 2 * RADIUS, -1)
        highest = min(int(values.max()), len(levels) - 1)
        level = levels.index_select(0, disk_median(values, highest).view(-1).int())
        inside.write(out[None], level.mul_(inside.cut(mask[None])[0])[None])


def _alike(top: Tensor, left: Tensor, rows: int, columns: int) -> Boxes:
    """Boxes of one size."""
    return Boxes(top, left, torch.full_like(top, rows), torch.full_like(top, columns))


def _grown(boxes: Boxes, height: int, width: int) -> Boxes:
    """Boxes with the pixels around them that the median may have changed."""
    top, left = (boxes.top - _REACH).clamp(min=0), (boxes.left - _REACH).clamp(min=0)
    bottom = (boxes.top + boxes.height + _REACH).clamp(max=height)
    right = (boxes.left + boxes.width + _REACH).clamp(max=width)
    return Boxes(top, left, bottom - top, right - left)
