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
    from mia_ssl.pasting.foreground import Foreground
    from mia_ssl.pasting.random_numbers import Places


def search(
    foreground: Foreground,
    image: Tensor,
    patch: tuple[Tensor, Tensor],
    places: Places,
    propose: Callable[[Tensor, Tensor], Boxes],
    *,
    least: float,
) -> tuple[Tensor, Boxes]:
    """Find the first box of each patch with more than a share of foreground.

    Args:
        foreground: Of the images to look at.
        image: The image to look at for each patch, int64 [P].
        patch: Row and number of each patch in ``places``, int64 [P] each.
        places: Random numbers for each try.
        propose: (numbers [R, K, 2], index of the patches [R]) -> their boxes [R, K].
        least: The share, to be exceeded.

    Returns:
        Index of the patches that have one, int64 [F], ascending, and their boxes [F].
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
