"""A search for places with enough foreground, for all patches at once.

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

    from mia_ssl.pasting.boxes import Boxes
    from mia_ssl.pasting.random_numbers import Places


def search(
    patch: tuple[Tensor, Tensor],
    places: Places,
    propose: Callable[[Tensor, Tensor], Boxes],
    first: Callable[[Tensor, Boxes], tuple[Tensor, Tensor]],
) -> tuple[Tensor, Boxes]:
    """Find the first acceptable box of each patch.

    Args:
        patch: Row and number of each patch in ``places``, int64 [P] each.
        places: Random numbers for each try.
        propose: (numbers [R, K, 2], index of the patches [R]) -> their boxes [R, K].
        first: (index of the patches [R], boxes [R, K]) -> bool [R], whether one is acceptable, and
            int64 [R], the number of the first that is.

    Returns:
        Index of the patches that have one, int64 [F], ascending, and their boxes [F].
    """
    searching = torch.arange(len(patch[0]), device=patch[0].device)
    found, accepted = [], []
    for number in range(len(places)):
        tried = places[number][patch[0][searching], patch[1][searching]]
        lucky, choice = first(searching, propose(tried, searching))
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
