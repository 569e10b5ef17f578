"""The synthetic anomalies of the one-stage methods alone, without a detector."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mia_ssl._engine.options import unknown
from mia_ssl._engine.seeding import generator as seeded
from mia_ssl.inputs import as_tensor, sources_like
from mia_ssl.one_stage.methods import RECORDS
from mia_ssl.pasting.options import PatchOptions
from mia_ssl.pasting.paste import paste

if TYPE_CHECKING:
    from torch import Tensor


def synthesize(
    name: str, images: Any, *, seed: int, sources: Any = None, **options: Any
) -> tuple[Tensor, Tensor]:
    """Paste synthetic anomalies into images as a one-stage method does for its training.

    An image in which no patch finds enough foreground comes back as it was, its label zero.

    Args:
        name: One of the one-stage ``METHODS``.
        images: uint8 (N, C, H, W), gray or RGB, sides of 8 pixels or more: array, tensor on any
            device, or map-style dataset.
        seed: The same seed gives the same patches. Image i of a smaller set gets the same as image
            i of a larger one, where ``sources`` are the same too.
        sources: uint8, as ``images``: image i's patches are cut from source i. None: from another
            of ``images``, drawn at random (cutpaste: from the image itself).
        options: Fields of ``PatchOptions`` that the method uses.

    Returns:
        Tensors on the images' device: pasted images, uint8 (N, C, H, W), and the label, float32
        (N, 1, H, W), in [0, 1], or gray levels for raw intensities.

    Raises:
        TypeError: Images that are not uint8.
        ValueError: An unknown name or option, another shape than said, or nothing to cut from.
    """
    if name not in RECORDS:
        raise unknown("one-stage method", name, RECORDS)
    method = RECORDS[name]
    settings = method.parse(PatchOptions, options)
    images = as_tensor("images", images)
    if sources is not None:
        sources = sources_like(images, sources)
    return paste(method.recipe, images, settings, seeded(seed), sources)
