"""CutPaste: a rectangle of the image, its colors jittered, is pasted at a random place in it.

Paper: https://arxiv.org/abs/2104.04015
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mia_ssl.checks import check_between, check_pair
from mia_ssl.pasting.boxes import Boxes, corners
from mia_ssl.pasting.paste_regions import Regions
from mia_ssl.two_stage.color_jitter import STRONGEST, JitterFactors, jitter_patches
from mia_ssl.two_stage.method import Paste, TwoStageMethod, two_stage_info
from mia_ssl.two_stage.random_boxes import log_uniform, sides, uniform

if TYPE_CHECKING:
    from torch import Tensor

    from mia_ssl.two_stage.method import PasteBatch


@dataclass(frozen=True, kw_only=True)
class CutPasteOptions:
    """Options of the rectangle.

    Attributes:
        area: Least and largest share of the image's area; uniform.
        aspect: Least and largest width / height; uniform in the logarithm.
        jitter: Strength of the color jitter, 0 to 0.5; see ``JitterFactors``.
    """

    area: tuple[float, float] = (0.02, 0.15)
    aspect: tuple[float, float] = (0.3, 1 / 0.3)
    jitter: float = 0.1

    def __post_init__(self) -> None:
        check_pair(self, "area", low=0, high=1)
        check_pair(self, "aspect", low=0.01, high=100)
        check_between(0, STRONGEST, jitter=self.jitter)


def draw(
    uniforms: Tensor, height: int, width: int, options: CutPasteOptions
) -> tuple[Boxes, Boxes, JitterFactors]:
    """Draw where each patch is cut, where it is pasted, and its jitter.

    Args:
        uniforms: Random numbers in [0, 1), [n, 10].
        height: Height of the images in pixels.
        width: Width of the images in pixels.
        options: Options of the rectangle.
    """
    area = uniform(uniforms[:, 0], *options.area)
    aspect = log_uniform(uniforms[:, 1], *options.aspect)
    h, w = sides(area, aspect, height, width)
    source = corners(uniforms[:, 2:4], h, w, (height, width))
    target = corners(uniforms[:, 4:6], h, w, (height, width))
    factors = JitterFactors.draw(uniforms[:, 6:10], options.jitter)
    return Boxes(*source, h, w), Boxes(*target, h, w), factors


def paste(batch: PasteBatch, images: Tensor, uniforms: Tensor, options: CutPasteOptions) -> None:
    """Paste a rectangle into each image; for the arguments see ``PasteFunction``."""
    source, target, factors = draw(uniforms, batch.height, batch.width, options)
    patches = Regions(images, source)
    pixels = batch.cut(patches)
    if options.jitter:
        pixels = jitter_patches(pixels, factors, patches)
    batch.write(Regions(images, target), pixels)


RECTANGLE_PASTE = Paste(apply=paste, random_numbers=10)
CUTPASTE = TwoStageMethod(
    info=two_stage_info(
        "cutpaste-2stage",
        "classifies originals and pasted rectangles; density of embeddings",
        paper="https://arxiv.org/abs/2104.04015",
    ),
    pastes=(RECTANGLE_PASTE,),
    paste_options=CutPasteOptions,
)
