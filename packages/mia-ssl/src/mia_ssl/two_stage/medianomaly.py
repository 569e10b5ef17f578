"""Checkpoints of the original project (a plain state dict, ``model.tch``) as our detectors."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mia_ssl._engine.state_dict import read_state
from mia_ssl.two_stage.build import build
from mia_ssl.two_stage.methods import RECORDS

if TYPE_CHECKING:
    import os

    from mia_ssl.two_stage.detector import TwoStageDetector


def load_medianomaly(
    name: str, path: str | os.PathLike[str], *, in_channels: int = 3, **options: Any
) -> TwoStageDetector:
    """Load a detector with the weights of the original project's checkpoint.

    The original keeps no density: call ``fit_density(normal_images)`` before ``predict``, or score
    with ``density="classifier"``.

    Args:
        name: One of ``two_stage.METHODS``.
        path: The ``model.tch``; loaded as tensors only, never unpickled.
        in_channels: Channels of the images to come; the original reads all as RGB.
        options: Arguments of ``build``.

    Raises:
        FileNotFoundError: No such file.
        ValueError: Not a state dict, or one that does not fit the method.
    """
    original = read_state(Path(path))
    state = {key.replace("resnet18.", "trunk.", 1): value for key, value in original.items()}
    if name in RECORDS and not RECORDS[name].is_trained:
        msg = f"{name} is not trained, and the original project has no checkpoint of it"
        raise ValueError(msg)
    detector = build(name, in_channels=in_channels, **options)
    try:
        detector.network.load_state_dict(state)
    except RuntimeError as error:
        msg = f"{path} does not fit {name}: {error}"
        raise ValueError(msg) from error
    return detector
