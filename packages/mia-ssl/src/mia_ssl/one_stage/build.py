"""One-stage detectors from a name, or from a checkpoint of the original project."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mia_ssl._engine.options import unknown
from mia_ssl._engine.settings import SETTINGS, Settings
from mia_ssl._engine.state_dict import read_state
from mia_ssl.one_stage.detector import OneStageDetector
from mia_ssl.one_stage.methods import RECORDS
from mia_ssl.one_stage.options import Options

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
) -> OneStageDetector:
    """Build a detector of a method; the study's values are the defaults.

    Args:
        name: One of ``one_stage.METHODS``.
        in_channels: 1 (gray, as in the study) or 3 (RGB).
        image_size: Side of the square images in pixels; crops are in proportion.
        epochs: Epochs of ``fit``.
        batch_size: Images a training step.
        learning_rate: Adam's, at the start of the cosine.
        precision: ``"32-true"`` or ``"bf16-mixed"``.
        compile: Whether the network is compiled for training.
        options: Fields of ``one_stage.options.Options`` that the method uses.

    Raises:
        ValueError: An unknown method or option, a value out of range, or images too small.
    """
    if name not in RECORDS:
        raise unknown("method", name, RECORDS)
    method = RECORDS[name]
    settings = Settings.resolve(
        method.info,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        precision=precision,
        compile=compile,
    )
    return OneStageDetector(
        method,
        in_channels=in_channels,
        image_size=method.info.image_size if image_size is None else image_size,
        settings=settings,
        options=method.parse(Options, options, also=SETTINGS),
    )


def load_medianomaly(
    name: str,
    path: str | os.PathLike[str],
    *,
    image_size: int | None = None,
    in_channels: int | None = None,
    **options: Any,
) -> OneStageDetector:
    """Build a detector with the weights of a checkpoint of the original project.

    All one-stage methods have the same network, so that nothing in the file says which it is.

    Args:
        name: One of ``one_stage.METHODS``.
        path: The state dict; loaded as tensors only, never unpickled.
        image_size: Side of the images to come; None: 256.
        in_channels: Channels of the images it was trained on; None: from the weights.
        options: As in ``build``.

    Raises:
        FileNotFoundError: No such file.
        ValueError: An unknown name or option, not a state dict, or one of another network.
    """
    if name not in RECORDS:
        raise unknown("method", name, RECORDS)
    state = read_state(Path(path))
    if in_channels is None:
        first = state.get("conv1.weight")
        in_channels = 1 if first is None or first.ndim != 4 else first.shape[1]
    detector = build(name, in_channels=in_channels, image_size=image_size, **options)
    try:
        detector.network.load_state_dict(state)
    except RuntimeError as error:
        msg = f"{path} is not a checkpoint of {name}: {error}"
        raise ValueError(msg) from error
    return detector
