"""pii: patches of another image are mixed in by their gradients at the same place.

Each image has one factor, uniform in 0.05 to 0.95: where a patch's gradient is the stronger one,
that share of it replaces the image's, and the pixels follow by Poisson's equation. The label is the
factor where the image has changed.

Paper: https://arxiv.org/abs/2107.02622
"""

from __future__ import annotations

from mia_ssl.one_stage.method import OneStageMethod, one_stage_info
from mia_ssl.pasting.blending.poisson import mixed_gradients
from mia_ssl.pasting.recipe import Recipe

METHOD = OneStageMethod(
    info=one_stage_info(
        "pii",
        "patches of another image, mixed in by their gradients",
        "https://arxiv.org/abs/2107.02622",
    ),
    original="FPI-Poisson",
    recipe=Recipe(
        from_other_image=True,
        shifted=False,
        blend=mixed_gradients,
        random_factor=True,
        changes_background=True,
        label="factor",
    ),
)
