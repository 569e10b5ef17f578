"""Places of patches in their source images and in the images: of a whole batch at once."""

from __future__ import annotations

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
    cut_from = origin[image]
    found, source = search(
        (image, number),
        numbers.source,
        lambda uniform, some: cut_boxes(uniform, half[some], sides, options),
        lambda some, boxes: theirs.first(cut_from[some], boxes, options.minimum_foreground),
    )
    number, image, cut_from = number[found], image[found], cut_from[found]
    target = source
    if recipe.resized:
        target = resized(source, numbers.scale[image, number], sides, options)
    patches = Patches.of(theirs.mask, number, image, cut_from, source, target)
    return shifted(patches, numbers, own, options) if recipe.shifted else patches


def shifted(
    patches: Patches, numbers: RandomNumbers, own: Foreground, options: PatchOptions
) -> Patches:
    """Return the patches that find a place with enough foreground, with that as their target."""
    sides = (own.mask.shape[1], own.mask.shape[2])
    found, target = search(
        (patches.image, patches.number),
        numbers.target,
        lambda uniform, some: paste_boxes(uniform, patches.target[some], sides),
        lambda some, boxes: patches.masks[some].first(
            own.mask, patches.image[some], boxes, options.minimum_overlap
        ),
    )
    return replace(patches[found], target=target)


def half_widths(uniform: Tensor, sides: tuple[int, int], options: PatchOptions) -> Tensor:
    """Return half-widths in pixels of rows and columns: uniform [P, 2, 2] -> int64 [P, 2].

    The sum of two exponential numbers is a Gamma number of shape 2.
    """
    gamma = -options.width_scale * (1 - uniform).log().sum(-1)
    halves = []
    for share, side in zip((options.width_offset + gamma).unbind(-1), sides, strict=True):
        halves.append((share * side).clamp(*width_limits(side, options)).long())
    return torch.stack(halves, -1)


def width_limits(side: int, options: PatchOptions) -> tuple[int, int]:
    """Return the least and the largest half-width in pixels."""
    low, high = (round(share * side) for share in options.width_bounds)
    return max(low, 1), max(high, low, 1)


def cut_boxes(
    uniform: Tensor, half: Tensor, sides: tuple[int, int], options: PatchOptions
) -> Boxes:
    """Return boxes around a center anywhere but at the very border, cut off where the image ends.

    The center stays as far from the border as the least half-width.

    Args:
        uniform: For the centers, [P, K, 2].
        half: Half-widths, [P, 2].
        sides: Height and width of the image.
        options: See there.

    Returns:
        Boxes [P, K].
    """
    least = [width_limits(side, options)[0] for side in sides]
    room = [max(side - 2 * border, 1) for side, border in zip(sides, least, strict=True)]
    nearest, places, end = torch.tensor([least, room, sides], device=half.device)
    center = integer(uniform, places).add_(nearest)
    reach = half[:, None]
    first = (center - reach).clamp_(min=0)
    length = center.add_(reach).minimum(end).sub_(first)
    return Boxes(*first.unbind(-1), *length.unbind(-1))


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
    """Return boxes larger or smaller by one factor for height and width: N(1, 1/2), clipped.

    Height and width stay within ``width_bounds`` of the sides, in proportion to each other.
    """
    normal = torch.special.ndtri(uniform)
    scale = (1 + _SCALE_DEVIATION * normal).clamp(*options.resize_bounds)
    rows, columns = (width_limits(side, options) for side in sides)
    height = (boxes.height * scale).clamp(*rows)
    width = (height / boxes.height * boxes.width).floor().clamp(*columns)
    height = (width / boxes.width * boxes.height).floor().clamp(*rows)
    return Boxes(boxes.top, boxes.left, height.long(), width.long())
