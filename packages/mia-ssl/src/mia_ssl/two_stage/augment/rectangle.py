"""A rectangle of the image, its colors jittered, pasted elsewhere in the image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mia_ssl.checks import check_between, check_pair
from mia_ssl.pasting.boxes import Boxes, corners
from mia_ssl.pasting.paste_regions import Regions
from mia_ssl.two_stage.augment.draws import log_uniform, place_elsewhere, sides, uniform
from mia_ssl.two_stage.augment.jitter import DRAWS as JITTER_DRAWS
from mia_ssl.two_stage.augment.jitter import STRONGEST, Factors
from mia_ssl.two_stage.augment.patches import cut, write
from mia_ssl.two_stage.augment.variant import Canvas, Variant

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Options:
    """Settings of the rectangle.

    Attributes:
        area: Least and largest share of the image.
        aspect: Least and largest width / height; uniform in the logarithm.
        jitter: Strength of the color jitter, see ``jitter.Factors``.
    """

    area: tuple[float, float] = (0.02, 0.15)
    aspect: tuple[float, float] = (0.3, 3.3)
    jitter: float = 0.1

    def __post_init__(self) -> None:
        check_pair(self, "area", low=0, high=1)
        check_pair(self, "aspect", low=0.01, high=100)
        check_between(0, STRONGEST, jitter=self.jitter)


def draw(u: Tensor, height: int, width: int, options: Options) -> tuple[Boxes, Boxes, Factors]:
    """Where each patch comes from, where it goes, and its jitter; u is [n, DRAWS]."""
    area, aspect = uniform(u[:, 0], *options.area), log_uniform(u[:, 1], *options.aspect)
    h, w = sides(area, aspect, height, width)
    source = corners(u[:, 2:4], h, w, (height, width))
    target = place_elsewhere(u[:, 4], source, h, w, height, width)
    factors = Factors.draw(u[:, 5:], options.jitter)
    return Boxes(*source, h, w), Boxes(*target, h, w), factors


def paste(canvas: Canvas, images: Tensor, uniforms: Tensor, options: Options) -> None:
    """See ``variant.Paste``."""
    source, target, factors = draw(uniforms, canvas.height, canvas.width, options)
    jittered = factors if options.jitter else None
    pixels = cut(canvas.sources, Regions(images, source), jittered)
    write(canvas.out, Regions(images, target), pixels)
    if canvas.label is not None:
        write(canvas.label, Regions(images, target), canvas.label.new_ones(1, pixels.shape[1]))


RECTANGLE = Variant(draws=5 + JITTER_DRAWS, paste=paste)
