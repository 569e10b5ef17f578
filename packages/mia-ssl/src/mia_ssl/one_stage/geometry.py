"""Where patches are cut from and pasted to: all of a batch's at once.

One image at a time, the rule reads: draw a size; draw places until one has enough foreground. Here
the first few places of all patches are tested together, then the rest of those that had no luck;
the first accepted one is taken, as if they had been drawn one by one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch

from mia_ssl.one_stage.draws import integer
from mia_ssl.one_stage.foreground import share

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import Tensor

    from mia_ssl.one_stage.draws import Draws
    from mia_ssl.one_stage.foreground import Foreground
    from mia_ssl.one_stage.methods import Method
    from mia_ssl.one_stage.options import PatchOptions

FIRST_TRIES = 8  # tested for every patch before the rest; few fail all of them
_SCALE_DEVIATION = 0.5


@dataclass(frozen=True)
class Boxes:
    """Rectangles of whole pixels, int64 of one shape each.

    Attributes:
        top: First row.
        left: First column.
        height: Rows.
        width: Columns.
    """

    top: Tensor
    left: Tensor
    height: Tensor
    width: Tensor

    def __getitem__(self, index: Tensor | slice | tuple[Tensor, ...]) -> Boxes:
        """Some of them."""
        return Boxes(self.top[index], self.left[index], self.height[index], self.width[index])


@dataclass(frozen=True)
class Patches:
    """P patches, in the order in which they are pasted.

    Attributes:
        number: Whether it is its image's first, second, ..., from 0, int64 [P].
        image: The image that it is pasted into, int64 [P].
        origin: The source image that it is cut from, int64 [P].
        source: Where it is cut from.
        target: Where it goes; of another size than the source where it is resized.
    """

    number: Tensor
    image: Tensor
    origin: Tensor
    source: Boxes
    target: Boxes

    def __len__(self) -> int:
        return len(self.image)

    def __getitem__(self, index: Tensor | slice) -> Patches:
        """Some of them."""
        parts = (self.number, self.image, self.origin, self.source, self.target)
        return Patches(*(part[index] for part in parts))  # type: ignore[arg-type]

    def in_turn(self) -> Iterator[Patches]:
        """The images' first patches, then their second ones, ...: later ones lie on earlier ones."""
        start = 0
        for count in torch.bincount(self.number).tolist():
            if count:
                yield self[start : start + count]
            start += count


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
    places = draws.source[image, number]
    found, source = search(
        theirs.table,
        origin[image],
        lambda rows, tries: cut_boxes(places[rows, tries], half[rows], sides, options),
        tries=options.tries,
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
    places = draws.target[patches.image, patches.number]
    found, target = search(
        own.table,
        patches.image,
        lambda rows, tries: paste_boxes(places[rows, tries], patches.target[rows], sides),
        tries=options.tries,
        least=options.minimum_overlap,
    )
    return replace(patches[found], target=target)


def half_widths(uniform: Tensor, sides: tuple[int, int], options: PatchOptions) -> Tensor:
    """Half-widths in pixels along rows and columns: uniform numbers [P, 2, 2] -> int64 [P, 2].

    The sum of two exponential numbers is a Gamma number of shape 2.
    """
    low, high = options.width_bounds
    gamma = -options.width_scale * (1 - uniform.double()).log().sum(-1)
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
    """Boxes of these sizes [P] anywhere inside the image; ``uniform`` is [P, K, 2], boxes [P, K]."""
    height, width = boxes.height[:, None], boxes.width[:, None]
    top = integer(uniform[..., 0], sides[0] - height + 1)
    left = integer(uniform[..., 1], sides[1] - width + 1)
    return Boxes(top, left, height.expand_as(top), width.expand_as(left))


def resized(boxes: Boxes, uniform: Tensor, sides: tuple[int, int], options: PatchOptions) -> Boxes:
    """Boxes larger or smaller by one factor for height and width: N(1, 1/2), clipped."""
    normal = torch.special.ndtri(uniform.double())
    scale = (1 + _SCALE_DEVIATION * normal).clamp(*options.resize_bounds)
    height = (boxes.height * scale).round().long().clamp(1, sides[0])
    width = (boxes.width * scale).round().long().clamp(1, sides[1])
    return Boxes(boxes.top, boxes.left, height, width)


def search(
    table: Tensor,
    image: Tensor,
    propose: Callable[[Tensor, slice], Boxes],
    *,
    tries: int,
    least: float,
) -> tuple[Tensor, Boxes]:
    """The first box of each patch with more than this share of foreground.

    Args:
        table: What ``counts_down`` gives.
        image: The image of each patch, int64 [P].
        propose: (which patches [R], which tries) -> their boxes [R, K].
        tries: How many there are.
        least: The share to pass.

    Returns:
        The patches that have one, int64 [F] in order, and their boxes [F].
    """
    searching = torch.arange(len(image), device=image.device)
    accepted: list[tuple[Tensor, Boxes]] = []
    for first, last in ((0, FIRST_TRIES), (FIRST_TRIES, tries)):
        if not len(searching) or first >= tries:
            break
        boxes = propose(searching, slice(first, min(last, tries)))
        shape = (boxes.top, boxes.left, boxes.height, boxes.width)
        good = share(table, image[searching], *shape) > least
        lucky, choice = good.any(1), good.byte().argmax(1)
        rows = lucky.nonzero().squeeze(1)
        accepted.append((searching[rows], boxes[rows, choice[rows]]))
        searching = searching[~lucky]
    found = torch.cat([rows for rows, _ in accepted])
    order = found.argsort()
    parts = ([getattr(boxes, name) for _, boxes in accepted] for name in Boxes.__annotations__)
    return found[order], Boxes(*(torch.cat(part)[order] for part in parts))
