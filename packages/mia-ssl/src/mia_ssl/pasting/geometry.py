"""Places of patches in their source images and in the images: of a whole batch at once."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from mia_ssl.pasting.boxes import Boxes, corners, integer
from mia_ssl.pasting.patches import Patches
from mia_ssl.pasting.search import search

if TYPE_CHECKING:
    from torch import Tensor

    from mia_ssl.pasting.foreground import Foreground
    from mia_ssl.pasting.options import PatchOptions
    from mia_ssl.pasting.random_numbers import RandomNumbers
    from mia_ssl.pasting.recipe import Recipe

_SCALE_DEVIATION = 0.5


def place(
    recipe: Recipe,
    numbers: RandomNumbers,
    origin: Tensor,
    theirs: Foreground,
    own: Foreground,
    options: PatchOptions,
) -> Patches:
    """Find places for the patches, and return those that have found theirs.

    Args:
        recipe: Says whether patches are shifted and resized.
        numbers: Of N images.
        origin: The source of each, int64 [N].
        theirs: Foreground of the sources.
        own: Foreground of the N images.
        options: See there.
    """
    sides = (own.mask.shape[1], own.mask.shape[2])
    tried = numbers.gate < 0.5
    tried[:, 0] = True
    number, image = tried.t().nonzero(as_tuple=True)
    half = half_widths(numbers.size[image, number], sides, options)
    found, source = search(
        theirs,
        origin[image],
        (image, number),
        numbers.source,
        lambda places, patches: cut_boxes(places, half[patches], sides, options),
        least=options.minimum_foreground,
    )
    number, image = number[found], image[found]
    patches = Patches(number, image, origin[image], source, source)
    if recipe.resized:
        patches = replace(
            patches, target=resized(source, numbers.scale[image, number], sides, options)
        )
    return shifted(patches, numbers, own, options) if recipe.shifted else patches


def shifted(
    patches: Patches, numbers: RandomNumbers, own: Foreground, options: PatchOptions
) -> Patches:
    """Return the patches that find a place with enough foreground, with that as their target."""
    sides = (own.mask.shape[1], own.mask.shape[2])
    found, target = search(
        own,
        patches.image,
        (patches.image, patches.number),
        numbers.target,
        lambda places, some: paste_boxes(places, patches.target[some], sides),
        least=options.minimum_overlap,
    )
    return replace(patches[found], target=target)


def half_widths(uniform: Tensor, sides: tuple[int, int], options: PatchOptions) -> Tensor:
    """Return half-widths in pixels of rows and columns: uniform [P, 2, 2] -> int64 [P, 2].

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
    """Return boxes around a center anywhere but at the very border, cut off where the image ends.

    Args:
        uniform: For the centers, [P, K, 2].
        half: Half-widths, [P, 2].
        sides: Height and width of the image.
        options: See there.

    Returns:
        Boxes [P, K].
    """
    ends = []
    for axis, side in enumerate(sides):
        least = _least_half(side, options)
        center = least + integer(uniform[..., axis], max(side - 2 * least, 1))
        reach = half[:, axis, None]
        first = (center - reach).clamp(min=0)
        ends.append((first, (center + reach).clamp(max=side) - first))
    (top, height), (left, width) = ends
    return Boxes(top, left, height, width)


def paste_boxes(uniform: Tensor, boxes: Boxes, sides: tuple[int, int]) -> Boxes:
    """Return boxes [P, K] of the sizes of ``boxes`` [P], anywhere inside the image.

    Args:
        uniform: For the places, [P, K, 2].
        boxes: Of the sizes.
        sides: Height and width of the image.
    """
    height, width = boxes.height[:, None], boxes.width[:, None]
    top, left = corners(uniform, height, width, sides)
    return Boxes(top, left, height.expand_as(top), width.expand_as(left))


def resized(boxes: Boxes, uniform: Tensor, sides: tuple[int, int], options: PatchOptions) -> Boxes:
    """Return boxes larger or smaller by one factor for height and width: N(1, 1/2), clipped."""
    normal = torch.special.ndtri(uniform)
    scale = (1 + _SCALE_DEVIATION * normal).clamp(*options.resize_bounds)
    height = (boxes.height * scale).round().long().clamp(1, sides[0])
    width = (boxes.width * scale).round().long().clamp(1, sides[1])
    return Boxes(boxes.top, boxes.left, height, width)
