"""Detectors of the feature methods, built from a name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from mia_ssl._engine.options import parse_options, unknown
from mia_ssl._engine.settings import SETTINGS, Settings
from mia_ssl.features.detector import FeatureDetector
from mia_ssl.features.methods import RECORDS

if TYPE_CHECKING:
    import os


def build(
    name: str,
    *,
    in_channels: int = 1,
    image_size: int | None = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    **options: Any,
) -> FeatureDetector:
    """Build the detector of a method.

    Args:
        name: One of ``features.METHODS``.
        in_channels: 1 (gray, fed to the network as three equal channels) or 3 (RGB).
        image_size: Side of the square images in pixels, 64 or above.
        epochs: Lesions drawn into each image by synthetic-lesions; the others train nothing.
        batch_size: Images that pass the network at a time.
        options: Fields of the method's options.

    Raises:
        ValueError: An unknown method or option, or a value out of range.
    """
    if name not in RECORDS:
        raise unknown("method", name, RECORDS)
    method = RECORDS[name]
    also = [setting for setting in SETTINGS if setting != "compile"]
    parsed = parse_options(method.options, options, owner=name, also=also)
    return FeatureDetector(
        method,
        in_channels=in_channels,
        image_size=method.info.image_size if image_size is None else image_size,
        settings=Settings.resolve(method.info, epochs=epochs, batch_size=batch_size),
        options=parsed,
    )


def load_medianomaly(name: str, path: str | os.PathLike[str], **options: Any) -> NoReturn:
    """Refuse: the original project has no checkpoint of these methods.

    Raises:
        ValueError: Always.
    """
    msg = f"{name} is not trained, and the original project has no checkpoint of it"
    raise ValueError(msg)
