"""The loss of the predicted label, and the score of each pixel: both follow the label's range."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.nn import functional as F

if TYPE_CHECKING:
    from torch import Tensor

    from mia_ssl.pasting.recipe import Label


def label_loss(kind: Label, logits: Tensor, label: Tensor) -> Tensor:
    """Return the mean cross entropy, or the mean squared error where labels are gray levels.

    Args:
        kind: See ``Recipe.label``.
        logits: [B, 1, H, W].
        label: float32 [B, 1, H, W].
    """
    if kind == "intensity":
        return F.mse_loss(F.relu(logits.float()), label)
    return F.binary_cross_entropy_with_logits(logits.float(), label)


def pixel_scores(kind: Label, logits: Tensor) -> Tensor:
    """Return the predicted label: a probability, or a gray level of 0 or above."""
    return logits.relu() if kind == "intensity" else logits.sigmoid()
