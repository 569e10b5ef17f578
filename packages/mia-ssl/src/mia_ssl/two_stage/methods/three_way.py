"""CutPaste with three classes: originals, images with a rectangle, images with a scar.

Paper: https://arxiv.org/abs/2104.04015
"""

from __future__ import annotations

from mia_ssl.two_stage.method import TwoStageMethod, two_stage_info
from mia_ssl.two_stage.methods.cutpaste import RECTANGLE_PASTE
from mia_ssl.two_stage.methods.scar import SCAR_PASTE
from mia_ssl.two_stage.methods.union import UnionOptions

THREE_WAY = TwoStageMethod(
    info=two_stage_info(
        "cutpaste-3way-2stage",
        "classifies originals, pasted rectangles and pasted strips; density of embeddings",
        paper="https://arxiv.org/abs/2104.04015",
    ),
    pastes=(RECTANGLE_PASTE, SCAR_PASTE),
    paste_options=UnionOptions,
)
