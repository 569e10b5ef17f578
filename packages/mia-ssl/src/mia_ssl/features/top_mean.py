"""Mean of the cells that score highest."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def top_mean(cells: Tensor, share: float) -> Tensor:
    """Return the mean of the highest cells of each image, at least one: [B, h, w] -> [B]."""
    flat = cells.flatten(1)
    count = max(math.ceil(share * flat.shape[1]), 1)
    return flat.topk(count, dim=1).values.mean(1)
