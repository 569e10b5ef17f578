"""What the network has to predict: where an image has changed, and how much."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from mia_ssl.boxes import Boxes
from mia_ssl.filters.medians import RADIUS, disk_median, mostly
from mia_ssl.filters.windows import above, replicate_columns, replicated
from mia_ssl.one_stage.canvas import groups
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
    height, width = out.shape[1:]
    rows, mask = changed(before, canvas.pasted, patches, options)
    if kind in _LEVELS:
        whole = torch.zeros(out.shape, dtype=torch.uint8, device=out.device)
        whole.view(-1, width).index_copy_(0, rows, mask)
        levels = _LEVELS[kind](len(before), options)
        write_graded(out, difference(before, canvas.pasted), whole, patches, levels)
        return
    label = mask.float()
    if kind == "factor":
        label *= canvas.factor[rows // height, None]
    out.view(-1, width).index_copy_(0, rows, label)


def difference(before: Tensor, after: Tensor) -> Tensor:
    """Absolute difference summed over the channels: uint8 [C, ...] -> [...].

    uint8 for one channel, int16 for more.
    """
    apart = torch.maximum(before, after).sub_(torch.minimum(before, after))
    return apart[0] if len(apart) == 1 else apart.sum(0, dtype=torch.int16)


def changed(
    before: Tensor, after: Tensor, patches: Patches, options: PatchOptions
) -> tuple[Tensor, Tensor]:
    """Where the mean difference is above the tolerance, median filtered.

    Only rows near a patch are looked at: no other can have changed.

    Args:
        before: uint8 [C, N, H, W].
        after: The same with patches.
        patches: All of them.
        options: See there.

    Returns:
        Which of the N H rows, int64 [R], and 1 where they have changed, uint8 [R, W].
    """
    channels, count, height, width = before.shape
    if not len(patches):
        return patches.image, before.new_empty(0, width)
    extended = height + 2 * _REACH  # each image with its outermost rows repeated
    first = (patches.target.top - _REACH).clamp(min=0)
    end = (patches.target.top + patches.target.height + _REACH).clamp(max=height)
    needed = _marked(patches.image, first, end + 2 * _REACH, (count, extended))
    index = needed.nonzero().squeeze(1)
    row = (index % extended - _REACH).clamp(0, height - 1) + index // extended * height
    apart = difference(*(_rows(planes, row) for planes in (before, after)))
    # One tall image of the needed rows: a window that starts in a wanted row holds no other's.
    frame = torch.empty((len(row), width + 2 * _REACH), dtype=torch.uint8, device=row.device)
    above(apart, options.tolerance * channels, out=frame[:, _REACH:-_REACH])
    most = mostly(replicate_columns(frame, _REACH)[None], MEDIAN)[0]
    wanted = _marked(patches.image, first, end, (count, extended)).nonzero().squeeze(1)
    mask = most.index_select(0, needed.cumsum(0).index_select(0, wanted) - 1)
    return wanted // extended * height + wanted % extended, mask


def _marked(image: Tensor, first: Tensor, end: Tensor, shape: tuple[int, int]) -> Tensor:
    """Whether a row lies in one of the ranges: rows of N images one after the other, bool."""
    steps = torch.zeros(shape[0] * shape[1] + 1, dtype=torch.int32, device=image.device)
    one = steps.new_ones(len(image))
    steps.index_add_(0, image * shape[1] + first, one)
    steps.index_add_(0, image * shape[1] + end, one, alpha=-1)
    return steps.cumsum(0)[:-1] > 0


def _rows(planes: Tensor, index: Tensor) -> Tensor:
    """Some of the rows of [C, N, H, W]: [C, R, W]."""
    lines = planes.reshape(len(planes), -1, planes.shape[-1])
    return torch.stack([plane.index_select(0, index) for plane in lines])


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
