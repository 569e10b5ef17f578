"""The methods by name, and detectors made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mia_recon._engine.options import unknown
from mia_recon._engine.settings import Settings
from mia_recon._engine.storage import ModelFileError, load_folder
from mia_recon.detector import ReconstructionDetector
from mia_recon.methods import ae

if TYPE_CHECKING:
    import os

    from mia_recon._engine.records import MethodInfo
    from mia_recon.method import Method

_METHODS: dict[str, Method] = {
    "ae": ae.METHOD,
}
METHODS: dict[str, MethodInfo] = {name: method.info for name, method in _METHODS.items()}


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
) -> ReconstructionDetector:
    """A detector of this method, with the study's settings for whatever is not given.

    Args:
        name: One of ``METHODS``.
        in_channels: 1 (gray) or 3 (RGB).
        image_size: Side of the square images in pixels, a multiple of 16.
        epochs: Epochs of ``fit``.
        batch_size: Images a training step.
        learning_rate: Of Adam.
        precision: ``"32-true"`` or ``"bf16-mixed"``.
        options: The method's own.

    Raises:
        ValueError: An unknown method or option, or a size that the network cannot take.
    """
    if name not in _METHODS:
        raise unknown("method", name, _METHODS)
    info = METHODS[name]
    settings = Settings.resolve(
        info,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        precision=precision,
    )
    return ReconstructionDetector(
        _METHODS[name],
        in_channels=in_channels,
        image_size=info.image_size if image_size is None else image_size,
        settings=settings,
        options=options,
    )


def load(path: str | os.PathLike[str]) -> ReconstructionDetector:
    """The detector that ``save`` wrote into this folder.

    Raises:
        ModelFileError: Nothing there, damaged files, or a model of another package.
    """
    state, meta = load_folder(path)
    if meta.get("package") != "mia_recon":
        msg = f"expected a model of mia_recon at {path}, got one of {meta.get('package')!r}"
        raise ModelFileError(msg)
    try:
        detector = build(
            meta["method"],
            in_channels=meta["in_channels"],
            image_size=meta["image_size"],
            **meta["settings"],
            **meta["options"],
        )
        detector.network.load_state_dict(state["network"])
        detector.seed = meta["seed"]
        detector.score_quantiles = dict(meta["score_quantiles"])
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        msg = f"the saved model at {path} does not fit this version: {error}"
        raise ModelFileError(msg) from error
    detector.network.eval()
    return detector
