"""The canvas: a batch of images, and the images that patches are cut from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Canvas:
    """A batch that is pasted into; channels come first, so that one index serves all of them.

    Attributes:
        pasted: uint8 [C, N, H, W]; patches are written over it.
        mask: Foreground before anything is pasted, uint8 [N, H, W] of 0 and 1.
        sources: uint8 [C, M, H, W], which patches are cut from; not the memory of ``pasted``.
        source_mask: Its foreground, uint8 [M, H, W].
        factor: How strongly patches are mixed in, float32 [N].
    """

    pasted: Tensor
    mask: Tensor
    sources: Tensor
    source_mask: Tensor
    factor: Tensor

    @property
    def sides(self) -> tuple[int, int]:
        """Return height and width of all images."""
        return self.mask.shape[1], self.mask.shape[2]
