"""Everything from images to scores as one module, which can be exported."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Mapping


class ScoringModule(nn.Module):
    """A detector's scoring: uint8 images in, scores and maps out.

    It has scored one black image when it is made: networks that are read at first use are there.

    Args:
        scores: The family's module, uint8 images [B, C, S, S] -> float32 scores [B], and maps
            [B, S, S] or None.
        shape: (C, S) of the images.
        backbones: See the attribute.

    Attributes:
        backbones: Names of the pretrained networks that it has or was trained from, and the SHA-256
            of the files that they were read from, None where it is not known.

    Raises:
        FileNotFoundError: Weights of a frozen network are not to be had.
    """

    def __init__(
        self, scores: nn.Module, shape: tuple[int, int], backbones: Mapping[str, str | None]
    ) -> None:
        super().__init__()
        self.scores = scores
        self.backbones = dict(backbones)
        self.eval()
        channels, side = shape
        with torch.no_grad():
            self(torch.zeros((1, channels, side, side), dtype=torch.uint8))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor | None]:
        """Score uint8 images [B, C, S, S]: float32 scores [B], and maps [B, S, S] or None."""
        return self.scores(images)
