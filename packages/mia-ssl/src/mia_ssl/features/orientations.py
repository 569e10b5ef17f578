"""Mirrored and rotated copies of square images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

AS_IS = "as_is"
# Name -> whether each copy is mirrored, and its quarter turns.
ORIENTATIONS: dict[str, tuple[tuple[bool, int], ...]] = {
    AS_IS: ((False, 0),),
    "mirrored": ((False, 0), (True, 0)),
    "rotated": tuple((False, turns) for turns in range(4)),
    "all": tuple((mirrored, turns) for mirrored in (False, True) for turns in range(4)),
}


def oriented(images: Tensor, name: str) -> Iterator[Tensor]:
    """Yield copies of images [B, C, S, S] in each orientation; the first is the images."""
    for mirrored, turns in ORIENTATIONS[name]:
        copy = images.flip(3) if mirrored else images
        yield torch.rot90(copy, turns, (2, 3)) if turns else copy
