"""Means and standard deviations of a network's feature channels, measured or read from a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import torch

from mia_recon._engine.state_dict import read_tensors

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor

# Least deviation of a channel, as a fraction of the layer's median deviation: a channel that never
# fires on normal images would otherwise outweigh all others as soon as it fires.
FLOOR = 0.1


class FeatureStatistics(NamedTuple):
    """Statistics of F feature channels.

    Attributes:
        mean: [F].
        deviation: Standard deviations, [F], above 0.
    """

    mean: Tensor
    deviation: Tensor


def measure_statistics(batches: Iterable[Tensor]) -> FeatureStatistics:
    """Measure the statistics over batches of features [B, F, H, W]."""
    count = 0
    sums = torch.zeros(2, 1, dtype=torch.float64)
    for features in batches:
        # MPS has no float64.
        exact = (features.cpu() if features.device.type == "mps" else features).double()
        sums = sums + torch.stack([exact.sum((0, 2, 3)), exact.square().sum((0, 2, 3))]).cpu()
        count += features[:, 0].numel()
    mean, square = sums / count
    return FeatureStatistics(mean.float(), with_floor((square - mean.square()).clamp(min=0).sqrt()))


def with_floor(deviation: Tensor) -> Tensor:
    """Return deviations [F] of at least ``FLOOR`` times their median, as float32.

    Channels that are constant do not count in the median; if all are, the deviations become 1.
    """
    alive = deviation[deviation > 0]
    if not len(alive):
        return torch.ones_like(deviation).float()
    return deviation.clamp(min=FLOOR * float(alive.median())).float()


def read_statistics(path: str, layer: str, channels: int) -> FeatureStatistics:
    """Read the statistics of one layer from the original project's file.

    The file maps the names of layers to pairs of tensors. It calls the second one "var", but its
    values are standard deviations, and the original divides by them.

    Args:
        path: The file; only tensors are read, nothing is unpickled.
        layer: Name of the layer in the file.
        channels: Number of the layer's channels.

    Raises:
        FileNotFoundError: No such file.
        ValueError: A file of another kind, or without this layer.
    """
    expected = f"a file with mean and deviation of {channels} channels as {layer!r}"
    if not Path(path).is_file():
        msg = f"expected statistics to be {expected}, got {path}, which does not exist"
        raise FileNotFoundError(msg)
    layers = read_tensors(Path(path), expected)
    pair = layers.get(layer) if isinstance(layers, dict) else None
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        got = ", ".join(map(str, layers)) if isinstance(layers, dict) else type(layers).__name__
        msg = f"{path} is not {expected}: it holds {got}"
        raise ValueError(msg)
    for values in pair:
        if not isinstance(values, torch.Tensor) or values.numel() != channels:
            shown = tuple(values.shape) if isinstance(values, torch.Tensor) else values
            msg = f"{path} is not {expected}: got {shown}"
            raise ValueError(msg)
    mean, deviation = (values.float().flatten() for values in pair)
    if not (mean.isfinite().all() and deviation.isfinite().all() and (deviation > 0).all()):
        msg = f"{path} is not {expected}: expected finite values and deviations above 0"
        raise ValueError(msg)
    return FeatureStatistics(mean, deviation)
