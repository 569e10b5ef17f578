"""Pixel-level metrics of masks (N, H, W) and maps (N, H, W), all pixels of the set pooled."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mia_metrics import validate
from mia_metrics.image import max_f1
from mia_metrics.oracle import AtThreshold
from mia_metrics.ranking import Ranking, ap_of, auroc_of, rank, rank_sorted
from mia_metrics.regions.aupro import LIMIT, aupro_of, aupro_of_mass, checked_limit, region_weights
from mia_metrics.validate import Floats

PIXEL_FORMULAS: dict[str, Callable[[Ranking, NDArray[np.float64]], float]] = {
    "pixel_auroc": lambda ranking, mass: float(auroc_of(ranking)),
    "pixel_ap": lambda ranking, mass: float(ap_of(ranking)),
    "best_dice": lambda ranking, mass: max_f1(ranking).value,
    "aupro": lambda ranking, mass: aupro_of_mass(ranking, mass, LIMIT),
}
"""Values of pixel-level metrics from a ranking and the region weights at its thresholds."""


def pixel_metrics(
    masks: ArrayLike, maps: ArrayLike, *, aupro: bool = True, limit: float = LIMIT
) -> dict[str, float]:
    """Compute the pixel-level metrics from one ranking of all pixels.

    Args:
        masks: (N, H, W) 0 normal, 1 lesion (or 0/255, or booleans). Images without a lesion count.
        maps: (N, H, W) finite, higher = more abnormal. float32 and float64 are ranked as they are.
        aupro: also compute `aupro`.
        limit: the highest false positive rate of `aupro`.

    Returns:
        `pixel_auroc`, `pixel_ap`, `aupro`; and, choosing a threshold with the test masks
        (`ORACLE_METRICS`), `best_dice`, `best_threshold`. The functions of these names define them.

    Raises:
        ValueError: shapes that differ, no lesion pixel or no normal one, NaN or infinity, masks
            that are not 0/1 (or 0/255), empty input.

    Example:
        >>> masks = [[[0, 1], [0, 1]], [[0, 0], [0, 0]]]
        >>> maps = [[[0.1, 0.9], [0.3, 0.4]], [[0.5, 0.2], [0.1, 0.1]]]
        >>> metrics = pixel_metrics(masks, maps)
        >>> [round(metrics[name], 3) for name in ("pixel_auroc", "pixel_ap", "aupro")]
        [0.917, 0.833, 0.722]
        >>> metrics["best_dice"], metrics["best_threshold"]
        (0.8, 0.4)
    """
    limit = checked_limit(limit)
    truth, scores = validate.pixel_pair(masks, maps)
    ranking = rank(truth, scores)
    metrics = metrics_of(ranking)
    if aupro:
        metrics["aupro"] = aupro_of(ranking, scores[truth], region_weights(truth), limit)
    return metrics


def pixel_auroc(masks: ArrayLike, maps: ArrayLike) -> float:
    """Area under the ROC curve, as `auroc` defines it, of the pixels of masks and maps (N, H, W).

    Raises:
        ValueError: as `pixel_metrics`.

    Paper: Hanley and McNeil, Radiology 143, 1982, https://doi.org/10.1148/radiology.143.1.7063747

    Example:
        >>> pixel_auroc([[[0, 0], [1, 1]]], [[[1.0, 2.0], [2.0, 3.0]]])
        0.875
    """
    return float(auroc_of(rank(*validate.pixel_pair(masks, maps))))


def pixel_ap(masks: ArrayLike, maps: ArrayLike) -> float:
    """Average precision, as `average_precision` defines it, of the pixels of masks and maps.

    Raises:
        ValueError: as `pixel_metrics`.

    Paper: Davis and Goadrich, ICML 2006, https://doi.org/10.1145/1143844.1143874

    Example:
        >>> pixel_ap([[[0, 1], [0, 1]]], [[[1.0, 2.0], [3.0, 4.0]]])
        0.8333333333333333
    """
    return float(ap_of(rank(*validate.pixel_pair(masks, maps))))


def best_dice(masks: ArrayLike, maps: ArrayLike, *, n_thresholds: int | None = None) -> AtThreshold:
    """Highest Dice over thresholds, and that threshold: an oracle metric.

    Dice(t) = 2 |A and M| / (|A| + |M|), with M the pixels of the masks and A those with score >= t,
    both pooled over the set. By default the maximum over all thresholds, exactly; tied pixels are
    called together, and of thresholds with the same Dice the highest is returned.

    With `n_thresholds` the rule of the MedIAnomaly study, to compare with published figures (200
    for reconstruction methods, 100 for one-stage ones): only every (pixels // n_thresholds)-th of
    the sorted scores is tried, a pixel being called where it lies strictly above. It understates
    small lesions. The threshold returned is the smallest number above that score, so that >= calls
    the same pixels.

    Args:
        masks: (N, H, W) 0/1 (or 0/255, or booleans).
        maps: (N, H, W) finite, higher = more abnormal.
        n_thresholds: None for the exact optimum.

    Raises:
        ValueError: as `pixel_metrics`; `n_thresholds` below 1.

    Paper: Dice, Ecology 26, 1945, https://doi.org/10.2307/1932409; the quantile rule:
        https://arxiv.org/abs/2404.04518

    Example:
        >>> best_dice([[[0, 1], [0, 1]]], [[[1.0, 2.0], [3.0, 4.0]]])
        AtThreshold(value=0.8, threshold=2.0)
    """
    if n_thresholds is not None:
        n_thresholds = validate.at_least("n_thresholds", n_thresholds, 1)
    truth, scores = validate.pixel_pair(masks, maps)
    every, lesion = np.sort(scores, axis=None), np.sort(scores[truth])
    if n_thresholds is None:
        return max_f1(rank_sorted(every, lesion))
    return _best_dice_at(every, lesion, every[:: max(every.size // n_thresholds, 1)])


def metrics_of(ranking: Ranking) -> dict[str, float]:
    """Pixel metrics that a ranking of the pixels gives, so all but `aupro`."""
    best = max_f1(ranking)
    return {
        "pixel_auroc": float(auroc_of(ranking)),
        "pixel_ap": float(ap_of(ranking)),
        "best_dice": best.value,
        "best_threshold": best.threshold,
    }


def _best_dice_at(every: Floats, lesion: Floats, thresholds: Floats) -> AtThreshold:
    """Highest Dice over the thresholds, pixels strictly above called; all arrays sorted upwards."""
    called = every.size - np.searchsorted(every, thresholds, side="right")
    tp = lesion.size - np.searchsorted(lesion, thresholds, side="right")
    dice = 2.0 * tp / (called + lesion.size)
    best = dice.size - 1 - int(np.argmax(dice[::-1]))
    above = np.nextafter(thresholds[best], np.array(np.inf, thresholds.dtype))
    return AtThreshold(float(dice[best]), float(above))
