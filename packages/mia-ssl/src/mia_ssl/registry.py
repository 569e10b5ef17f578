"""The methods of all families by name: build, load, paste, plot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mia_ssl import adapted, features, one_stage, two_stage
from mia_ssl._engine.options import check_choice
from mia_ssl._engine.saved_model import explain_misfit, read_model
from mia_ssl.inputs import as_tensor
from mia_ssl.method_table import METHODS
from mia_ssl.pasting.plot import plot_pasted

if TYPE_CHECKING:
    import os
    from types import ModuleType

    from matplotlib.figure import Figure
    from torch import Tensor

    from mia_ssl.adapted.detector import AdaptedDetector
    from mia_ssl.features.detector import FeatureDetector
    from mia_ssl.one_stage.detector import OneStageDetector
    from mia_ssl.two_stage.detector import TwoStageDetector

    Detector = OneStageDetector | TwoStageDetector | FeatureDetector | AdaptedDetector

_FAMILIES: tuple[ModuleType, ...] = (one_stage, two_stage, features, adapted)


def family_of(name: str) -> ModuleType:
    """Return the family that has a method.

    Raises:
        ValueError: No family has it.
    """
    check_choice("method", name, METHODS)
    return next(family for family in _FAMILIES if name in family.METHODS)


def build(
    name: str, *, in_channels: int = 1, image_size: int | None = None, **options: Any
) -> Detector:
    """Build a detector of a method; the study's values are the defaults.

    Args:
        name: One of ``METHODS``.
        in_channels: 1 (gray) or 3 (RGB).
        image_size: Side of the square images in pixels.
        options: Training settings (``epochs``, ``batch_size``, ``learning_rate``, ``precision``)
            and the method's own.

    Raises:
        ValueError: An unknown method or option, a value that the option cannot have, a size that
            the network cannot take, or pretrained weights that do not fit it.
        FileNotFoundError: No such file of pretrained weights.
    """
    family = family_of(name)
    return family.build(name, in_channels=in_channels, image_size=image_size, **options)


def load(path: str | os.PathLike[str]) -> Detector:
    """Load the detector that ``save`` wrote into a folder.

    Raises:
        ModelFileError: Nothing there, damaged files, or a model of another package.
    """
    state, meta = read_model(path, "mia_ssl", METHODS)
    with explain_misfit(path):
        return family_of(meta["method"]).restore(state, meta)


def load_medianomaly(name: str, path: str | os.PathLike[str], **options: Any) -> Detector:
    """Build a detector with the weights of a checkpoint of the original project.

    Two-stage detectors still lack a density: call ``fit_density`` before ``predict``.

    Args:
        name: One of ``METHODS``.
        path: The state dict; loaded as tensors only, never unpickled.
        options: As in ``build``. Without ``in_channels`` a one-stage detector has those of the
            weights, a two-stage one 3.

    Raises:
        FileNotFoundError: No such file.
        ValueError: An unknown method or option, a method that has no checkpoint, or a file that is
            no state dict of its network.
    """
    return family_of(name).load_medianomaly(name, path, **options)


def synthesize(
    name: str, images: Any, *, seed: int, sources: Any = None, **options: Any
) -> tuple[Tensor, Tensor]:
    """Paste synthetic anomalies into images, as a method does for its training.

    Args:
        name: A method that pastes: of one stage, or of two but for ``resnet18-imagenet``.
        images: uint8 (N, C, H, W), gray or RGB, sides of 8 pixels or more: array, tensor on any
            device, or map-style dataset.
        seed: The same seed pastes the same.
        sources: uint8 (N, C, H, W); the patches of image i are cut from source i. None: from
            another of ``images``, or from the image itself, as the method does.
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


def plot(name: str, images: Any, *, seed: int = 0, sources: Any = None, **options: Any) -> Figure:
    """Plot the images that a method trains on: original, pasted and label, a row for each.

    Save it with ``figure.savefig("pasted.png")``; a notebook shows it.

    Args:
        name: A method that pastes.
        images: See ``synthesize``; a handful.
        seed: See ``synthesize``.
        sources: See ``synthesize``.
        options: See ``synthesize``.

    Raises:
        ImportError: Matplotlib is not installed.
        TypeError: See ``synthesize``.
        ValueError: See ``synthesize``.
    """
    pasted, label = synthesize(name, images, seed=seed, sources=sources, **options)
    originals = as_tensor("images", images)
    # Of cutpaste-3way-2stage there are two pasted images for each.
    originals = originals.repeat(len(pasted) // len(originals), 1, 1, 1)
    return plot_pasted(originals, pasted, label)
