"""Best Dice as the original study measures it, to stand beside its published figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mia_metrics

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from mia_data import ImageSet

    from mia_bench.detectors.protocol import Prediction

THRESHOLDS = 200  # quantiles of the test scores, of the reconstruction methods
CROP = 224 / 256  # side of the middle of an image that one-stage methods score


def study_dice(
    family: str, options: Mapping[str, Any], test: ImageSet, prediction: Prediction
) -> float | None:
    """Return the best Dice by the study's rule for the family; None where it has none.

    For reconstruction methods it is the best of 200 quantile thresholds. For one-stage methods it
    is the best of 100, of masks and maps of the image's middle that are shrunk to 64 pixels.

    Args:
        family: Family of the method.
        options: Options of the method; ``crop`` is the part of the image that is scored.
        test: Test images; without masks there is no Dice.
        prediction: Scores and maps of the images.
    """
    if test.masks is None or prediction.map is None:
        return None
    masks, maps = test.masks, prediction.map
    if family == "reconstruction":
        return mia_metrics.best_dice(masks, maps, n_thresholds=THRESHOLDS)[0]
    if family == "one-stage":
        side = round(masks.shape[-1] * options.get("crop", CROP))
        masks, maps = _middle(masks, side), _middle(maps, side)
        try:
            return mia_metrics.best_dice_one_stage(masks, maps).value
        except ValueError:  # the lesions are lost at the border, or when they are shrunk
            return None
    return None


def _middle(array: np.ndarray, side: int) -> np.ndarray:
    start = (array.shape[-1] - side) // 2
    return array[..., start : start + side, start : start + side]
