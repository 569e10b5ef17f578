"""A rectangle or a scar, at random."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mia_ssl.two_stage.augment import rectangle, scar
from mia_ssl.two_stage.augment.rectangle import RECTANGLE
from mia_ssl.two_stage.augment.scar import SCAR
from mia_ssl.two_stage.augment.variant import Canvas, Variant

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Options(rectangle.Options, scar.Options):
    """The settings of both; ``jitter`` is shared."""

    def __post_init__(self) -> None:
        rectangle.Options.__post_init__(self)
        scar.Options.__post_init__(self)


def paste(canvas: Canvas, images: Tensor, uniforms: Tensor, options: Options) -> None:
    """See ``variant.Paste``."""
    with_scar = uniforms[:, 0] < 0.5
    for chosen, variant in ((~with_scar, RECTANGLE), (with_scar, SCAR)):
        if chosen.any():
            draws = uniforms[chosen, 1 : 1 + variant.draws]
            variant.paste(canvas, images[chosen], draws, options)


UNION = Variant(draws=1 + max(RECTANGLE.draws, SCAR.draws), paste=paste)
