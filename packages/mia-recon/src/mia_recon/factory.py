"""Detectors made from the name of a method, or from a saved model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mia_recon._engine.options import check_choice
from mia_recon._engine.settings import Settings
from mia_recon.detector import ReconstructionDetector
from mia_recon.registry import RECORDS

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
    compile: bool = False,  # noqa: A002 - torch's own word for it
    **options: Any,
) -> ReconstructionDetector:
    """Return a detector of this method; settings that are not given are the study's.

    Args:
        name: One of ``METHODS``.
        in_channels: 1 (gray) or 3 (RGB).
        image_size: Side of the square images in pixels, a multiple of 2 to the power of ``depth``
            (16); for ganomaly and dae 32 or above.
        epochs: Epochs of ``fit``.
        batch_size: Images per training step.
        learning_rate: Adam's.
        precision: Precision of ``fit``, ``"32-true"`` or ``"bf16-mixed"``; scores are always
            float32.
        compile: Whether ``fit`` compiles the loss; the first steps then take much longer.
        options: The method's own.

    Raises:
        ValueError: An unknown method or option, or a size that the network cannot take.
    """
    check_choice("method", name, RECORDS)
    method = RECORDS[name]
    settings = Settings.resolve(
        method.info,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        precision=precision,
        compile=compile,
    )
    return ReconstructionDetector(
        method,
        in_channels=in_channels,
        image_size=method.info.image_size if image_size is None else image_size,
        settings=settings,
        options=options,
    )


def load(path: str | os.PathLike[str]) -> ReconstructionDetector:
    """Load the detector that ``save`` wrote into this folder.

    Raises:
        ModelFileError: Nothing there, damaged files, or a model of another package or format.
    """
    return ReconstructionDetector.load(path)
