"""Scores and maps of images, from pixels to numbers as one module."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor, nn
from torch.nn import functional as F

from mia_ssl.one_stage.label_loss import pixel_scores
from mia_ssl.one_stage.task import scaled

if TYPE_CHECKING:
    from mia_ssl.one_stage.options import Sides
    from mia_ssl.pasting.recipe import Label


class OneStageScores(nn.Module):
    """The crop, the network, and the predicted label as a map.

    Args:
        network: The network.
        label: See ``Recipe.label``.
        sides: Sides of the image and of its crop.
    """

    def __init__(self, network: nn.Module, label: Label, sides: Sides) -> None:
        super().__init__()
        self.network = network
        self._label = label
        self._sides = sides

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Score uint8 images [B, C, S, S]: float32 scores [B] and maps [B, S, S]."""
        before, crop = self._sides.border, self._sides.crop
        after = self._sides.image - crop - before
        inside = slice(before, before + crop)
        logits = self.network(scaled(images[..., inside, inside]))[:, 0]
        pixels = F.pad(pixel_scores(self._label, logits), (before, after, before, after))
        return pixels.mean((1, 2)), pixels
