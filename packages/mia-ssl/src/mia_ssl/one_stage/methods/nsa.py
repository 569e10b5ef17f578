"""nsa: patches of another image, resized, go elsewhere, blended by their gradients.

For each patch of an image, in the order of the paper:

1. Cut a rectangle of another image that is foreground by more than 70 %.
2. Resize it by a factor N(1, 0.5), clipped to 0.7 to 1.3, to sides of 0.03 to 0.4 of the image's.
3. Choose a place in the image where more than 70 % of the patch's foreground lie on foreground.
4. Blend: the patch's gradients replace the image's (mixed gradients: only where they are stronger),
   and the pixels follow by Poisson's equation.

The label of a changed pixel, unless it is background in both, grows with the median difference d of
gray levels around it: 1 / (1 + exp(-0.5 (d - 4))). Other settings of the paper take all of the
patch's gradients, or label every change with 1, or with d itself.

The numbers are those of ``PatchOptions``. ``tests/one_stage/plain_nsa.py`` has the same in plain
NumPy, one image at a time.

Paper: https://arxiv.org/abs/2109.15222
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mia_ssl.one_stage.method import OneStageMethod, one_stage_info
from mia_ssl.pasting.blending.poisson import mixed_gradients, normal_gradients
from mia_ssl.pasting.recipe import Recipe

if TYPE_CHECKING:
    from mia_ssl.pasting.recipe import Label


def _setting(name: str, original: str, label: Label, *, mixed: bool) -> OneStageMethod:
    kind = f"{'mixed' if mixed else 'normal'} gradients, {label} labels"
    return OneStageMethod(
        info=one_stage_info(
            name,
            f"shifted Poisson patches of another image, {kind}",
            "https://arxiv.org/abs/2109.15222",
        ),
        original=original,
        recipe=Recipe(
            from_other_image=True,
            shifted=True,
            resized=True,
            blend=mixed_gradients if mixed else normal_gradients,
            changes_background=True,
            label=label,
        ),
    )


METHOD = _setting("nsa", "Shift-Intensity-M", "logistic", mixed=True)
SHIFT = _setting("nsa-shift", "Shift", "binary", mixed=False)
SHIFT_INTENSITY = _setting("nsa-shift-intensity", "Shift-Intensity", "logistic", mixed=False)
SHIFT_RAW_INTENSITY = _setting(
    "nsa-shift-raw-intensity", "Shift-Raw-Intensity", "intensity", mixed=False
)
SHIFT_M = _setting("nsa-shift-m", "Shift-M", "binary", mixed=True)
SHIFT_RAW_INTENSITY_M = _setting(
    "nsa-shift-raw-intensity-m", "Shift-Raw-Intensity-M", "intensity", mixed=True
)
