"""The methods of all families by name; each family's folder builds its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mia_ssl import features, one_stage, two_stage
from mia_ssl._engine.options import check_choice
from mia_ssl._engine.storage import ModelFileError, load_folder
from mia_ssl.method_table import METHODS

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator
    from types import ModuleType

    from torch import Tensor

    from mia_ssl._engine.records import MethodInfo
    from mia_ssl.features.detector import FeatureDetector
    from mia_ssl.one_stage.detector import OneStageDetector
    from mia_ssl.two_stage.detector import TwoStageDetector

_FAMILIES: tuple[ModuleType, ...] = (one_stage, two_stage, features)


def count_costs() -> Iterator[MethodInfo]:
    """Yield the facts of every method with its cost counted."""
    for family in _FAMILIES:
        cost = family.count_cost()
        yield from (replace(info, cost=cost) for info in family.METHODS.values())


def family_of(name: str) -> ModuleType:
    """The family that has this method.

    Raises:
        ValueError: No family has it.
    """
    check_choice("method", name, METHODS)
    return next(family for family in _FAMILIES if name in family.METHODS)


def build(
    name: str, *, in_channels: int = 1, image_size: int | None = None, **options: Any
) -> OneStageDetector | TwoStageDetector | FeatureDetector:
    """A detector of this method, with the study's settings for whatever is not given.

    Args:
        name: One of ``METHODS``.
        in_channels: 1 (gray) or 3 (RGB).
        image_size: Side of the square images in pixels.
        options: Training settings (``epochs``, ``batch_size``, ``learning_rate``, ``precision``)
            and the method's own.

    Raises:
        ValueError: An unknown method or option, a value that the option cannot have, a size that
            the network cannot take, or pretrained weights that do not fit it.
        FileNotFoundError: Pretrained weights that are not there.
    """
    family = family_of(name)
    return family.build(name, in_channels=in_channels, image_size=image_size, **options)


def load(path: str | os.PathLike[str]) -> OneStageDetector | TwoStageDetector | FeatureDetector:
    """The detector that ``save`` wrote into this folder.

    Raises:
        ModelFileError: Nothing there, damaged files, or a model of another package.
    """
    state, meta = load_folder(path)
    if meta.get("package") != "mia_ssl" or meta.get("method") not in list(METHODS):
        got = f"{meta.get('package')!r}, method {meta.get('method')!r}"
        msg = f"expected a model of mia_ssl at {path}, got one of {got}"
        raise ModelFileError(msg)
    try:
        return family_of(meta["method"]).restore(state, meta)
    except (AttributeError, KeyError, TypeError, ValueError, RuntimeError) as error:
        msg = f"the saved model at {path} does not fit this version: {error}"
        raise ModelFileError(msg) from error


def load_medianomaly(
    name: str, path: str | os.PathLike[str], **options: Any
) -> OneStageDetector | TwoStageDetector | FeatureDetector:
    """A detector with the weights of the original project's checkpoint.

    Two-stage detectors have no density then: call ``fit_density`` before ``predict``.

    Args:
        name: One of ``METHODS``.
        path: The state dict; loaded as tensors only, never unpickled.
        options: As in ``build``. Where ``in_channels`` is not given: one-stage, that of the
            weights; two-stage, 3.

    Raises:
        FileNotFoundError: No such file.
        ValueError: An unknown method or option, a method that has no checkpoint, or a file that is
            no state dict of its network.
    """
    return family_of(name).load_medianomaly(name, path, **options)


def synthesize(
    name: str, images: Any, *, seed: int, sources: Any = None, **options: Any
) -> tuple[Tensor, Tensor]:
    """Paste synthetic anomalies into images, as the method of this name does for its training.

    Args:
        name: A method that pastes; each family's page lists them.
        images: uint8 (N, C, H, W), gray or RGB, sides of 8 pixels or more: array, tensor on any
            device, or map-style dataset.
        seed: The same seed pastes the same.
        sources: The same: where the patches of each image are cut from. None: from another of
            ``images``, or from the image itself, as the method does.
        options: The method's own.

    Returns:
        Tensors on the images' device: pasted images, uint8 (N, C, H, W), and the label, float32
        (N, 1, H, W). Of ``cutpaste-3way-2stage`` both are (2 N, ...): all images with a rectangle,
        then all with a scar.

    Raises:
        TypeError: Images that are not uint8.
        ValueError: An unknown method, an option that it does not use, or images of another shape.
    """
    homes = {known: family for family in _FAMILIES for known in family.SYNTHESES}
    check_choice("method that pastes", name, homes)
    return homes[name].synthesize(name, images, seed=seed, sources=sources, **options)
