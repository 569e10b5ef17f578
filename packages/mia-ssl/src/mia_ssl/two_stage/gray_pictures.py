"""Pictures whose channels are all the same, so that one of them is enough to work on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from mia_ssl.memory import on_cpu

if TYPE_CHECKING:
    from torch import Tensor

    from mia_ssl.pasting.paste_regions import Regions


def is_gray(image: Tensor) -> bool:
    """Return whether all channels [C, H, W] are the same."""
    first, *others = image.numpy()
    line = first.tobytes()
    return all(other.tobytes() == line for other in others)


def gray_patches(pixels: Tensor, patches: Regions) -> Tensor:
    """Return whether all channels of each patch are the same, bool [n] on the CPU.

    False of all on another device, which would have to be waited for.
    """
    if not on_cpu(pixels):
        return torch.zeros(len(patches.sizes), dtype=torch.bool)
    first, *others = pixels.numpy()
    if all(np.array_equal(first, other) for other in others):
        return torch.ones(len(patches.sizes), dtype=torch.bool)
    same = np.logical_and.reduce([first == other for other in others])
    return torch.from_numpy(np.logical_and.reduceat(same, patches.starts.numpy()))
