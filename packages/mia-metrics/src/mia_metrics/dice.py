"""Best Dice over thresholds: exact, and by the two rules of the MedIAnomaly study.

Dice(t) = 2 |A and M| / (|A| + |M|), where A are the pixels flagged at threshold t and M those of
the masks, both pooled over the whole set.
"""

import numpy as np
from numpy.typing import ArrayLike

from mia_metrics import validate
from mia_metrics.ranking import AtThreshold, max_f1, rank_sorted
from mia_metrics.validate import Bools, Floats, Pair

ONE_STAGE_SIZE = 64
"""Width in pixels to which the study's one-stage code shrinks maps and masks."""

ONE_STAGE_THRESHOLDS = 100
"""Number of quantiles that the study's one-stage code tries."""


def best_dice(masks: ArrayLike, maps: ArrayLike, *, n_thresholds: int | None = None) -> AtThreshold:
    """Find the highest Dice over all thresholds (an oracle metric).

    By default the exact maximum over all thresholds: a pixel is flagged if its score is >= t, so
    tied pixels are flagged together.

    `n_thresholds` selects the rule of the study instead, for comparison with published figures (200
    for its reconstruction methods): only every (pixels // n_thresholds)-th of the sorted scores is
    tried, and a pixel is flagged if it is strictly above that score. This understates small
    lesions. For the study's one-stage methods see `best_dice_one_stage`.

    Args:
        masks: (N, H, W) 0 normal, 1 lesion (or 0/255, or booleans).
        maps: (N, H, W) finite, higher = more abnormal.
        n_thresholds: number of quantiles to try; None for the exact maximum.

    Returns:
        The highest Dice and its threshold: the highest one, if several reach it. With
        `n_thresholds` the threshold is the smallest number above the score that was tried, so that
        >= flags the same pixels.

    Raises:
        ValueError: as `pixel_metrics`; `n_thresholds` below 1.

    Paper: Dice, Ecology 26, 1945, https://doi.org/10.2307/1932409; the rule of quantiles: Cai et
        al., Medical Image Analysis, 2025, https://arxiv.org/abs/2404.04518

    Examples:
        >>> best_dice([[[0, 1], [0, 1]]], [[[1.0, 2.0], [3.0, 4.0]]])
        AtThreshold(value=0.8, threshold=2.0)
    """
    if n_thresholds is not None:
        n_thresholds = validate.at_least("n_thresholds", n_thresholds, 1)
    return _best_dice(*validate.pixel_pair(masks, maps), n_thresholds)


def best_dice_one_stage(masks: ArrayLike, maps: ArrayLike) -> AtThreshold:
    """Find the best Dice as the MedIAnomaly study computes it for its one-stage methods.

    For comparison with the published figures of these methods (CutPaste, FPI, PII, NSA). It differs
    from `best_dice` in two ways. First, maps and masks are zoomed to a width of 64 pixels (maps by
    cubic splines without smoothing, masks by their nearest pixel; the corner pixels stay corners).
    Second, only 100 quantiles of the zoomed scores are tried, as with `n_thresholds=100`. A small
    lesion can lose its pixels in the zoom, and lesions of less than 1 % of all pixels fall between
    two quantiles, so the result is usually lower than that of `best_dice`.

    Args:
        masks: (N, H, W) 0 normal, 1 lesion (or 0/255, or booleans).
        maps: (N, H, W) finite, higher = more abnormal; used as float32, as the study does.

    Returns:
        The highest Dice and its threshold, which applies to the zoomed maps.

    Raises:
        ValueError: as `pixel_metrics`; maps beyond the range of float32; no lesion pixel left, or
            no row of pixels, at a width of 64.

    Paper: Cai et al., Medical Image Analysis, 2025, https://arxiv.org/abs/2404.04518

    Examples:
        >>> masks, maps = np.zeros((2, 128, 128)), np.zeros((2, 128, 128))
        >>> masks[0, 32:96, 32:96], maps[0, 40:104, 32:96] = 1, 1
        >>> best_dice(masks, maps).value, round(best_dice_one_stage(masks, maps).value, 3)
        (0.875, 0.859)
    """
    truth, scores = _zoomed(*validate.pixel_pair(masks, maps))
    return _best_dice(truth, scores, ONE_STAGE_THRESHOLDS)


def _best_dice(truth: Bools, scores: Floats, n_thresholds: int | None) -> AtThreshold:
    """Find the best Dice of checked masks and maps, exactly or over quantiles."""
    every, lesion = np.sort(scores, axis=None), np.sort(scores[truth])
    if n_thresholds is None:
        return max_f1(rank_sorted(every, lesion))
    return _best_dice_at(every, lesion, every[:: max(every.size // n_thresholds, 1)])


def _best_dice_at(every: Floats, lesion: Floats, thresholds: Floats) -> AtThreshold:
    """Find the best Dice when pixels strictly above one of the thresholds are flagged.

    Args:
        every: (n,) all scores, ascending.
        lesion: (p,) scores of the lesion pixels, ascending.
        thresholds: (K,) ascending.
    """
    flagged = every.size - np.searchsorted(every, thresholds, side="right")
    tp = lesion.size - np.searchsorted(lesion, thresholds, side="right")
    dice = 2.0 * tp / (flagged + lesion.size)
    best = dice.size - 1 - int(np.argmax(dice[::-1]))
    above = np.nextafter(thresholds[best], np.array(np.inf, thresholds.dtype))
    return AtThreshold(float(dice[best]), float(above))


def _zoomed(truth: Bools, scores: Floats) -> Pair:
    """Zoom masks and maps (N, H, W) to a width of 64 pixels, height in proportion."""
    from scipy.ndimage import zoom

    factor = ONE_STAGE_SIZE / truth.shape[2]
    if round(truth.shape[1] * factor) < 1:
        msg = f"expected masks less than {2 * ONE_STAGE_SIZE} times as wide as high, "
        msg += f"got height {truth.shape[1]} and width {truth.shape[2]}"
        raise ValueError(msg)
    narrow = validate.as_float32("maps", scores)
    small_masks = np.stack([zoom(mask.view(np.uint8), factor, order=0) for mask in truth]) > 0
    if not small_masks.any():
        msg = f"expected masks with a lesion pixel left at a width of {ONE_STAGE_SIZE}, got none: "
        msg += "the lesions are too small for this rule"
        raise ValueError(msg)
    return Pair(small_masks, np.stack([zoom(map_, factor, order=3) for map_ in narrow]))
