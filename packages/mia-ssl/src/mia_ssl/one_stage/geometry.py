"""Where patches are cut from and pasted to: all of a batch's at once."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from mia_ssl.boxes import Boxes, corners, integer
from mia_ssl.one_stage.patches import Patches
from mia_ssl.one_stage.search import search

if TYPE_CHECKING:
    from torch import Tensor

    from mia_ssl.foreground import Foreground
    from mia_ssl.one_stage.draws import Draws
    from mia_ssl.one_stage.methods import Method
    from mia_ssl.one_stage.options import PatchOptions

_SCALE_DEVIATION = 0.5


def place(
    method: Method,
    draws: Draws,
    origin: Tensor,
    theirs: Foreground,
    own: Foreground,
    options: PatchOptions,
) -> Patches:
    """The patches that find their places.

    Args:
        method: Says whether patches are shifted and resized.
        draws: Of N images.
        origin: The source of each, int64 [N].
        theirs: Foreground of the sources.
        own: Foreground of the N images.
        options: See there.
    """
    sides = (own.mask.shape[1], own.mask.shape[2])
    tried = draws.gate < 0.5
    tried[:, 0] = True
    number, image = tried.t().nonzero(as_tuple=True)
    half = half_widths(draws.size[image, number], sides, options)
    found, source = search(
        theirs,
        origin[image],
        (image, number),
        draws.source,
        lambda places, patches: cut_boxes(places, half[patches], sides, options),
        least=options.minimum_foreground,
    )
    number, image = number[found], image[found]
    patches = Patches(number, image, origin[image], source, source)
    if method.resized:
        patches = replace(
            patches, target=resized(source, draws.scale[image, number], sides, options)
        )
    return shifted(patches, draws, own, options) if method.shifted else patches


def shifted(patches: Patches, draws: Draws, own: Foreground, options: PatchOptions) -> Patches:
    """Those of the patches that find a place of their own, there."""
    sides = (own.mask.shape[1], own.mask.shape[2])
    found, target = search(
        own,
        patches.image,
        (patches.image, patches.number),
        draws.target,
        lambda places, some: paste_boxes(places, patches.target[some], sides),
        least=options.minimum_overlap,
    )
    return replace(patches[found], target=target)


def half_widths(uniform: Tensor, sides: tuple[int, int], options: PatchOptions) -> Tensor:
    """Half-widths in pixels along rows and columns: uniform numbers [P, 2, 2] -> int64 [P, 2].

    The sum of two exponential numbers is a Gamma number of shape 2.
    """
    low, high = options.width_bounds
    gamma = -options.width_scale * (1 - uniform).log().sum(-1)
    halves = []
    for share_of_side, side in zip((low + gamma).unbind(-1), sides, strict=True):
        least = _least_half(side, options)
        most = max(math.floor(high * side), least)
        halves.append((share_of_side * side).round().long().clamp(least, most))
    return torch.stack(halves, -1)


def _least_half(side: int, options: PatchOptions) -> int:
    return max(math.ceil(options.width_bounds[0] * side), 1)


def cut_boxes(
    uniform: Tensor, half: Tensor, sides: tuple[int, int], options: PatchOptions
) -> Boxes:
    """Boxes around a centre anywhere but at the very border, cut off where the image ends.

    ``uniform`` is [P, K, 2], ``half`` [P, 2]; boxes [P, K].
    """
    ends = []
    for axis, side in enumerate(sides):
        least = _least_half(side, options)
        centre = least + integer(uniform[..., axis], max(side - 2 * least, 1))
        reach = half[:, axis, None]
        first = (centre - reach).clamp(min=0)
        ends.append((first, (centre + reach).clamp(max=side) - first))
    (top, height), (left, width) = ends
    return Boxes(top, left, height, width)


def paste_boxes(uniform: Tensor, boxes: Boxes, sides: tuple[int, int]) -> Boxes:
    """Boxes of these sizes [P] anywhere inside the image.

    ``uniform`` is [P, K, 2], the boxes [P, K].
    """
    height, width = boxes.height[:, None], boxes.width[:, None]
    top, left = corners(uniform, height, width, sides)
    return Boxes(top, left, height.expand_as(top), width.expand_as(left))


def resized(boxes: Boxes, uniform: Tensor, sides: tuple[int, int], options: PatchOptions) -> Boxes:
    """Boxes larger or smaller by one factor for height and width: N(1, 1/2), clipped."""
    normal = torch.special.ndtri(uniform)
    scale = (1 + _SCALE_DEVIATION * normal).clamp(*options.resize_bounds)
    height = (boxes.height * scale).round().long().clamp(1, sides[0])
    width = (boxes.width * scale).round().long().clamp(1, sides[1])
    return Boxes(boxes.top, boxes.left, height, width)
