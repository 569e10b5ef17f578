"""The first place with enough foreground, for all patches at once.

One patch at a time, the rule reads: draw places until one has enough foreground. Here the first few
places of all patches are tested together, then the rest of those that had no luck; the first
accepted one is taken, as if they had been drawn one by one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from mia_ssl.one_stage.boxes import Boxes
from mia_ssl.one_stage.foreground import share

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

FIRST_TRIES = 8  # tested for every patch before the rest; few fail all of them


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
        if first and (first >= tries or not len(searching)):
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
