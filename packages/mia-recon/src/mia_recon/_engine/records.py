"""Plain records that users and other packages get."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np


class Cost(NamedTuple):
    """Cost of a method at its default sizes.

    Attributes:
        parameters: Number of learned values.
        macs: Multiply-accumulate operations to score one image.
    """

    parameters: int
    macs: int


@dataclass(frozen=True, kw_only=True)
class MethodInfo:
    """Facts and training defaults of a method.

    Attributes:
        name: The name that ``build`` takes.
        family: ``"reconstruction"``, ``"one-stage"`` or ``"two-stage"``.
        summary: The method in one line.
        paper: Link to the paper it comes from.
        image_size: Side of the square images in the study, in pixels.
        channels: Channels that the study reads most datasets with: 1 (gray) or 3 (RGB).
        epochs: Epochs of the study's schedule.
        batch_size: Images per training step.
        learning_rate: Initial learning rate.
        has_map: Whether ``predict`` gives a score for each pixel.
        resize: How the study resizes an image to ``image_size``: ``"squash"`` or ``"short_side"``.
        resample: The filter that the study resizes images with, a name of Pillow's such as
            ``"bilinear"`` or ``"lanczos"``.
        weights: Pretrained weights that the defaults need: ``"torchvision:FILE"`` for a file in
            torchvision's cache, ``"package:MODULE"`` for an installed package; None for none.
        cost: Parameters and operations at the defaults, None if they are not counted.
    """

    name: str
    family: str
    summary: str
    paper: str
    image_size: int
    channels: int = 1
    epochs: int = 250
    batch_size: int = 64
    learning_rate: float = 1e-3
    has_map: bool = True
    resize: str = "squash"
    resample: str = "bilinear"
    weights: str | None = None
    cost: Cost | None = None


class Prediction(NamedTuple):
    """Scores of N images: higher is more abnormal.

    Attributes:
        score: float32 (N,).
        map: float32 (N, H, W) at the input's height and width, or None if the method has none.
    """

    score: np.ndarray
    map: np.ndarray | None


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """Progress of a training, as given to ``on_epoch`` after each epoch.

    Attributes:
        epoch: The epoch that has just ended, counted from 1.
        epochs: Number of epochs of the training.
        losses: Mean over the epoch's images of each loss term.
        learning_rate: Learning rate of the epoch that has just ended.
    """

    epoch: int
    epochs: int
    losses: Mapping[str, float]
    learning_rate: float
