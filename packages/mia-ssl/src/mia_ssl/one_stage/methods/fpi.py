"""fpi: patches of another image are averaged with the image at the same place.

Each image has one factor, uniform in 0.05 to 0.95: a pasted pixel is factor times the patch plus
(1 - factor) times the image. The label is the factor where the image has changed.

Paper: https://arxiv.org/abs/2011.04197
"""

from __future__ import annotations

from mia_ssl.one_stage.method import OneStageMethod, one_stage_info
from mia_ssl.pasting.blending.simple import convex
from mia_ssl.pasting.recipe import Recipe

METHOD = OneStageMethod(
    info=one_stage_info(
        "fpi", "patches of another image, mixed in", "https://arxiv.org/abs/2011.04197"
    ),
    original="FPI",
    recipe=Recipe(
        from_other_image=True, shifted=False, blend=convex, random_factor=True, label="factor"
    ),
)
