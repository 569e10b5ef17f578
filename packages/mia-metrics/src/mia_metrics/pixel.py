"""Pixel-level metrics of masks (N, H, W) and maps (N, H, W), all pixels of the set pooled."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mia_metrics import validate
from mia_metrics.ranking import Ranking, ap_of, auroc_of, max_f1, rank
from mia_metrics.regions.aupro import LIMIT, aupro_of, aupro_of_mass
from mia_metrics.regions.regions import region_weights

PIXEL_FORMULAS: dict[str, Callable[[Ranking, NDArray[np.float64]], float]] = {
    "pixel_auroc": lambda ranking, mass: float(auroc_of(ranking)),
    "pixel_ap": lambda ranking, mass: float(ap_of(ranking)),
    "best_dice": lambda ranking, mass: max_f1(ranking).value,
    "aupro": lambda ranking, mass: aupro_of_mass(ranking, mass, LIMIT),
}
"""Pixel-level metrics of a ranking and the region weights at its thresholds, (K,)."""


def pixel_metrics(
    masks: ArrayLike, maps: ArrayLike, *, aupro: bool = True, limit: float = LIMIT
) -> dict[str, float]:
    """Compute all pixel-level metrics from one ranking of the pixels.

    Args:
        masks: (N, H, W) 0 normal, 1 lesion (or 0/255, or booleans). Images without a lesion count.
        maps: (N, H, W) finite, higher = more abnormal. float32 and float64 are ranked as they are.
        aupro: also compute `aupro`, which takes about as long as all the others.
        limit: the highest false positive rate of `aupro`, in (0, 1].

    Returns:
        `pixel_auroc`, `pixel_ap`, `aupro`, and the oracle metrics (`ORACLE_METRICS`, which choose a
        threshold with the test masks) `best_dice` and `best_threshold`. Each is defined in the
        function that computes it alone.

    Raises:
        ValueError: different shapes, no lesion pixel or no normal one, NaN or infinity, masks
            other than 0/1 (or 0/255), empty input, `limit` outside (0, 1].

    Examples:
        >>> masks = [[[0, 1], [0, 1]], [[0, 0], [0, 0]]]
        >>> maps = [[[0.1, 0.9], [0.3, 0.4]], [[0.5, 0.2], [0.1, 0.1]]]
        >>> metrics = pixel_metrics(masks, maps)
        >>> [round(metrics[name], 3) for name in ("pixel_auroc", "pixel_ap", "aupro")]
        [0.917, 0.833, 0.722]
        >>> metrics["best_dice"], metrics["best_threshold"]
        (0.8, 0.4)
    """
    limit = validate.positive_share("limit", limit)
    truth, scores = validate.pixel_pair(masks, maps)
    ranking = rank(truth, scores)
    metrics = metrics_of(ranking)
    if aupro:
        metrics["aupro"] = aupro_of(ranking, scores[truth], region_weights(truth), limit)
    return metrics


def pixel_auroc(masks: ArrayLike, maps: ArrayLike) -> float:
    """Compute the area under the ROC curve, as `auroc` defines it, of all pixels.

    Args:
        masks: (N, H, W) 0 normal, 1 lesion (or 0/255, or booleans).
        maps: (N, H, W) finite, higher = more abnormal.

    Returns:
        The area, in [0, 1].

    Raises:
        ValueError: as `pixel_metrics`.

    Paper: Hanley and McNeil, Radiology 143, 1982, https://doi.org/10.1148/radiology.143.1.7063747

    Examples:
        >>> pixel_auroc([[[0, 0], [1, 1]]], [[[1.0, 2.0], [2.0, 3.0]]])
        0.875
    """
    return float(auroc_of(rank(*validate.pixel_pair(masks, maps))))


def pixel_ap(masks: ArrayLike, maps: ArrayLike) -> float:
    """Compute the average precision, as `average_precision` defines it, of all pixels.

    Args:
        masks: (N, H, W) 0 normal, 1 lesion (or 0/255, or booleans).
        maps: (N, H, W) finite, higher = more abnormal.

    Returns:
        The average precision, in (0, 1].

    Raises:
        ValueError: as `pixel_metrics`.

    Paper: Davis and Goadrich, ICML 2006, https://doi.org/10.1145/1143844.1143874

    Examples:
        >>> pixel_ap([[[0, 1], [0, 1]]], [[[1.0, 2.0], [3.0, 4.0]]])
        0.8333333333333333
    """
    return float(ap_of(rank(*validate.pixel_pair(masks, maps))))


def metrics_of(ranking: Ranking) -> dict[str, float]:
    """Compute all pixel-level metrics but `aupro` from a ranking of the pixels."""
    best = max_f1(ranking)
    return {
        "pixel_auroc": float(auroc_of(ranking)),
        "pixel_ap": float(ap_of(ranking)),
        "best_dice": best.value,
        "best_threshold": best.threshold,
    }
