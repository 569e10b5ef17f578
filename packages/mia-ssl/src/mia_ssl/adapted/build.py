"""Detectors of the methods of adapted features, built from a name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from mia_ssl._engine.options import parse_options, unknown
from mia_ssl._engine.settings import SETTINGS, Settings
from mia_ssl.adapted.detector import AdaptedDetector
from mia_ssl.adapted.methods import RECORDS

if TYPE_CHECKING:
    import os


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
) -> AdaptedDetector:
    """Build the detector of a method; what is not given is the study's.

    Args:
        name: One of ``adapted.METHODS``.
        in_channels: 1 (gray, fed to the network as three equal channels) or 3 (RGB).
        image_size: Side of the square images in pixels, 64 or above.
        epochs: Epochs of ``fit``; 0 for the network as it is.
        batch_size: Images in a training step.
        learning_rate: Learning rate of SGD.
        precision: ``"32-true"`` or ``"bf16-mixed"``.
        options: Fields of the method's options.

    Raises:
        ValueError: An unknown method or option, or a value out of range.
    """
    if name not in RECORDS:
        raise unknown("method", name, RECORDS)
    method = RECORDS[name]
    also = [setting for setting in SETTINGS if setting != "compile"]
    return AdaptedDetector(
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
        options=parse_options(method.options, options, owner=name, also=also),
    )


def load_medianomaly(name: str, path: str | os.PathLike[str], **options: Any) -> NoReturn:
    """Refuse: the original project keeps no checkpoint of these methods.

    Raises:
        ValueError: Always.
    """
    msg = f"the original project has no checkpoint of {name} that could be read"
    raise ValueError(msg)
