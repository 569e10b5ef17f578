"""The first place with enough foreground, for all patches at once.

One patch at a time, the rule reads: draw places until one has enough foreground. Here the first few
places of all patches are tested together, then more of those that had no luck; the first accepted
one is taken, as if they had been drawn one by one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from mia_ssl.boxes import Boxes
    from mia_ssl.foreground import Foreground
    from mia_ssl.one_stage.draws import Places


def search(
    foreground: Foreground,
    image: Tensor,
    patch: tuple[Tensor, Tensor],
    places: Places,
    propose: Callable[[Tensor, Tensor], Boxes],
    *,
    least: float,
) -> tuple[Tensor, Boxes]:
    """The first box of each patch with more than this share of foreground.

    Args:
        foreground: What a box needs.
        image: The image to look at for each patch, int64 [P].
        patch: Where ``places`` has it: its row and its number, int64 [P] each.
        places: What may be tried.
        propose: (places [R, K, 2], which patches [R]) -> their boxes [R, K].
        least: The share to pass.

    Returns:
        The patches that have one, int64 [F] in order, and their boxes [F].
    """
    searching = torch.arange(len(image), device=image.device)
    found, accepted = [], []
    for number in range(len(places)):
        row, which = patch[0][searching], patch[1][searching]
        tried = places[number][row, which]
        lucky, choice = foreground.first(image[searching], propose(tried, searching), least)
        rows = lucky.nonzero().squeeze(1)
        found.append(searching[rows])
        accepted.append(tried[rows, choice[rows]])
        searching = searching[~lucky]
        if not len(searching):
            break
    patches = torch.cat(found)
    patches, order = patches.sort()
    boxes = propose(torch.cat(accepted)[order][:, None], patches)
    return patches, boxes[:, 0]
