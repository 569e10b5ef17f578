"""The methods of both families by name; each family's folder builds its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mia_ssl import one_stage, two_stage
from mia_ssl._engine.options import unknown
from mia_ssl._engine.storage import ModelFileError, load_folder

if TYPE_CHECKING:
    import os
    from types import ModuleType

    from torch import Tensor

    from mia_ssl._engine.records import MethodInfo

_FAMILIES: tuple[ModuleType, ...] = (one_stage, two_stage)
METHODS: dict[str, MethodInfo] = {**one_stage.METHODS, **two_stage.METHODS}


def family_of(name: str) -> ModuleType:
    """The family that has this method.

    Raises:
        ValueError: No family has it.
    """
    for family in _FAMILIES:
        if name in family.METHODS:
            return family
    raise unknown("method", name, METHODS)


def build(name: str, *, in_channels: int = 1, image_size: int | None = None, **options: Any) -> Any:
    """A detector of this method, with the study's settings for whatever is not given.

    Args:
        name: One of ``METHODS``.
        in_channels: 1 (gray) or 3 (RGB).
        image_size: Side of the square images in pixels.
        options: Training settings (``epochs``, ``batch_size``, ``learning_rate``, ``precision``)
            and the method's own.

    Raises:
        ValueError: An unknown method or option, or a size that the network cannot take.
    """
    family = family_of(name)
    return family.build(name, in_channels=in_channels, image_size=image_size, **options)


def load(path: str | os.PathLike[str]) -> Any:
    """The detector that ``save`` wrote into this folder.

    Raises:
        ModelFileError: Nothing there, damaged files, or a model of another package.
    """
    state, meta = load_folder(path)
    if meta.get("package") != "mia_ssl" or meta.get("method") not in METHODS:
        got = f"{meta.get('package')!r}, method {meta.get('method')!r}"
        msg = f"expected a model of mia_ssl at {path}, got one of {got}"
        raise ModelFileError(msg)
    try:
        return family_of(meta["method"]).restore(state, meta)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        msg = f"the saved model at {path} does not fit this version: {error}"
        raise ModelFileError(msg) from error


def load_medianomaly(name: str, path: str | os.PathLike[str], **options: Any) -> Any:
    """A detector with the weights of the original project's checkpoint; see the family's own."""
    return family_of(name).load_medianomaly(name, path, **options)


def synthesize(
    name: str, images: Any, *, seed: int, sources: Any = None, **options: Any
) -> tuple[Tensor, Tensor]:
    """Paste synthetic anomalies into images, as the method of this name does for its training.

    Args:
        name: A method that pastes; each family's page lists them.
        images: uint8 (N, C, H, W), array or tensor, gray or RGB, on any device.
        seed: The same seed pastes the same.
        sources: uint8, the same shape: where the patches of each image are cut from, for methods
            that cut from another image; None: another of ``images``.
        options: The method's own.

    Returns:
        Pasted images of the same shape and dtype, on the images' device, and the label, float32
        (N, 1, H, W).

    Raises:
        TypeError: Images that are not uint8.
        ValueError: An unknown method or option, or images of another shape.
    """
    homes = {known: family for family in _FAMILIES for known in family.SYNTHESES}
    if name not in homes:
        raise unknown("method that pastes", name, homes)
    return homes[name].synthesize(name, images, seed=seed, sources=sources, **options)
