"""The whole way from images to flags as one module."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    import numpy as np

INPUT = "images"
SCORE, QUANTILE, FLAG, MAP = "score", "quantile", "flag", "map"


class ScoringGraph(nn.Module):
    """A detector's scoring module, and what its scores mean among those of normal images.

    Args:
        scores: The module of ``HasScoringModule``.
        normal_scores: Scores of normal images, float32 (N,).
        threshold: The score from which on an image is flagged.
    """

    normal_scores: Tensor
    threshold: Tensor

    def __init__(self, scores: nn.Module, normal_scores: np.ndarray, threshold: float) -> None:
        super().__init__()
        self.scores = scores
        self.register_buffer("normal_scores", torch.tensor(normal_scores, dtype=torch.float32))
        self.register_buffer("threshold", torch.tensor(threshold, dtype=torch.float32))
        self.eval().requires_grad_(requires_grad=False)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Score uint8 images [B, C, S, S].

        Returns:
            Scores float32 [B], quantiles float32 [B], flags bool [B], and where the detector has a
            map, that, float32 [B, S, S].
        """
        score, heat = self.scores(images)
        score = score.float()
        no_higher = (self.normal_scores <= score[:, None]).float()
        found = (score, no_higher.mean(1), score >= self.threshold)
        return found if heat is None else (*found, heat.float())
