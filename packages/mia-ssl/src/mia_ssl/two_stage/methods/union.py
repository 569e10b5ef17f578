"""CutPaste's union: each image gets a rectangle or a scar, as likely, in one class.

Paper: https://arxiv.org/abs/2104.04015
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mia_ssl.two_stage.method import Paste, TwoStageMethod, two_stage_info
from mia_ssl.two_stage.methods.cutpaste import RECTANGLE_PASTE, CutPasteOptions
from mia_ssl.two_stage.methods.scar import SCAR_PASTE, ScarOptions

if TYPE_CHECKING:
    from torch import Tensor

    from mia_ssl.two_stage.method import PasteBatch


@dataclass(frozen=True, kw_only=True)
class UnionOptions(CutPasteOptions, ScarOptions):
    """Options of the rectangle and of the scar; ``jitter`` holds for both."""

    def __post_init__(self) -> None:
        CutPasteOptions.__post_init__(self)
        ScarOptions.__post_init__(self)


def paste(batch: PasteBatch, images: Tensor, uniforms: Tensor, options: UnionOptions) -> None:
    """Paste a rectangle or a scar into each image; for the arguments see ``PasteFunction``."""
    with_scar = uniforms[:, 0] < 0.5
    for chosen, kind in ((~with_scar, RECTANGLE_PASTE), (with_scar, SCAR_PASTE)):
        if chosen.any():
            numbers = uniforms[chosen, 1 : 1 + kind.random_numbers]
            kind.apply(batch, images[chosen], numbers, options)


UNION = TwoStageMethod(
    info=two_stage_info(
        "cutpaste-union-2stage",
        "classifies originals and either paste; density of embeddings",
        paper="https://arxiv.org/abs/2104.04015",
    ),
    pastes=(
        Paste(
            apply=paste,
            random_numbers=1 + max(RECTANGLE_PASTE.random_numbers, SCAR_PASTE.random_numbers),
        ),
    ),
    paste_options=UnionOptions,
)
