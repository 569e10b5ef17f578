"""Scoring: images in order, through a network in evaluation mode."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import torch

from .repeatable import repeatable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from .images import ImageSource

# Pixels of the images that a CPU passes through a large network at a time: four of 224 x 224. The
# features of more do not stay in its cache from one layer to the next.
CPU_PIXELS = 4 * 224 * 224
# Denser at the upper end, where thresholds for small false-positive rates lie.
QUANTILES = (0.0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 1.0)


def in_order(source: ImageSource, batch_size: int) -> Iterator[Tensor]:
    """Yield the source's images in order, as batches (B, C, H, W) on its device."""
    for indices in torch.arange(len(source)).split(batch_size):
        yield source.take(indices)


@contextmanager
def evaluating(network: torch.nn.Module) -> Iterator[None]:
    """Put a network into evaluation mode with exact kernels, and back afterwards.

    ``predict`` may be called during a training.
    """
    device = next(network.parameters()).device
    was_training = network.training
    network.eval()
    try:
        with repeatable(device, full_precision=True):
            yield
    finally:
        network.train(was_training)


def score_quantiles(scores: np.ndarray) -> dict[float, float]:
    """Return quantile -> score, to choose a threshold later without the images."""
    return dict(zip(QUANTILES, np.quantile(scores, QUANTILES).tolist(), strict=True))
