"""Detectors of the two-stage methods, built from a name."""

from __future__ import annotations

from typing import Any

from mia_ssl._engine.options import unknown
from mia_ssl._engine.settings import Settings
from mia_ssl.two_stage.detector import TwoStageDetector
from mia_ssl.two_stage.methods import RECORDS
from mia_ssl.two_stage.options import split_options


def build(
    name: str,
    *,
    in_channels: int = 1,
    image_size: int | None = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    precision: str = "32-true",
    **options: Any,
) -> TwoStageDetector:
    """Build the detector of a method; what is not given is the study's.

    Args:
        name: One of ``two_stage.METHODS``.
        in_channels: 1 (gray, fed to the trunk as three equal channels) or 3 (RGB).
        image_size: Side of the square images in pixels, 64 or above.
        epochs: Epochs of ``fit``.
        batch_size: Originals in a training step; as many pastes of each kind come on top.
        learning_rate: Learning rate of SGD at the start of the cosine.
        precision: ``"32-true"`` or ``"bf16-mixed"``.
        options: Fields of ``TwoStageOptions`` and of the method's paste options.

    Raises:
        ValueError: An unknown method or option, a value out of range, weights that do not fit.
        FileNotFoundError: No such file of pretrained weights.
    """
    if name not in RECORDS:
        raise unknown("method", name, RECORDS)
    method = RECORDS[name]
    shared, paste_options = split_options(method, options)
    return TwoStageDetector(
        method,
        in_channels=in_channels,
        image_size=method.info.image_size if image_size is None else image_size,
        settings=Settings.resolve(
            method.info,
            epochs=epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            precision=precision,
        ),
        options=shared,
        paste_options=paste_options,
    )
