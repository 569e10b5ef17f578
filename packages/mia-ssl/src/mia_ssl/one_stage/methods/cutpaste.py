"""cutpaste: patches of an image replace the pixels at another place of the same image.

The label is 1 where the image has changed.

Paper: https://arxiv.org/abs/2104.04015
"""

from __future__ import annotations

from mia_ssl.one_stage.method import OneStageMethod, one_stage_info
from mia_ssl.pasting.blending.simple import swap
from mia_ssl.pasting.recipe import Recipe

METHOD = OneStageMethod(
    info=one_stage_info(
        "cutpaste", "patches pasted elsewhere in the image", "https://arxiv.org/abs/2104.04015"
    ),
    original="CutPaste",
    recipe=Recipe(from_other_image=False, shifted=True, blend=swap, label="binary"),
)
