"""AUPRO: the area under the per-region overlap curve, from the ranking of the pixels."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mia_metrics import validate
from mia_metrics.ranking import Counts, Ranking, rank
from mia_metrics.regions.regions import region_weights
from mia_metrics.validate import Floats

LIMIT = 0.3
"""Default for the highest false positive rate of AUPRO, as in its paper."""

_CHUNK = 2**16  # thresholds worked on at once


def aupro(masks: ArrayLike, maps: ArrayLike, *, limit: float = LIMIT) -> float:
    """Compute the area under the per-region overlap curve up to a false positive rate (AUPRO).

    With regions r (8-connected components of each mask), PRO(t) is the mean over all regions of the
    share of r's pixels with score >= t, and FPR(t) the share of all normal pixels with score >= t.
    The curve of PRO over FPR joins its points with straight lines (so tied pixels are flagged
    together, along a line) and is cut at FPR = `limit` by interpolation; its area is divided by
    `limit`. Small and large lesions weigh the same.

    It is exact without the curve: a region's pixel of weight 1 / (regions * size of its region),
    whose score is passed while the FPR goes from f0 to f1, contributes the weight times the area of
    that ramp left of the limit.

    Args:
        masks: (N, H, W) 0 normal, 1 lesion (or 0/255, or booleans).
        maps: (N, H, W) finite, higher = more abnormal.
        limit: the highest false positive rate, in (0, 1].

    Returns:
        The area divided by `limit`, in [0, 1]; 1 is best.

    Raises:
        ValueError: as `pixel_metrics`; `limit` outside (0, 1].

    Paper: Bergmann et al., IJCV 129, 2021, https://doi.org/10.1007/s11263-020-01400-4

    Examples:
        >>> masks = [[[1, 0, 0, 0], [0, 0, 1, 1]]]
        >>> maps = [[[0.9, 0.1, 0.2, 0.3], [0.4, 0.5, 0.8, 0.1]]]
        >>> aupro(masks, maps, limit=1.0)
        0.775
    """
    limit = validate.positive_share("limit", limit)
    truth, scores = validate.pixel_pair(masks, maps)
    weights = region_weights(truth)
    return aupro_of(rank(truth, scores), scores[truth], weights, limit)


def aupro_of(ranking: Ranking, scores: Floats, weights: NDArray[np.float64], limit: float) -> float:
    """Compute AUPRO from a ranking, the lesion pixels' scores (p,) and their weights (p,)."""
    group = ranking.thresholds.size - 1 - np.searchsorted(ranking.thresholds[::-1], scores)
    mass = np.bincount(group, weights).astype(np.float64, copy=False)
    return aupro_of_mass(ranking, mass, limit)


def aupro_of_mass(ranking: Ranking, mass: NDArray[np.float64], limit: float) -> float:
    """Compute AUPRO from a ranking and the sum of region weights at each threshold, (K,)."""
    area = 0.0
    for start in range(0, mass.size, _CHUNK):
        some = slice(start, start + _CHUNK)
        ramps = ramp_area(ranking.above[some], ranking.fp[some], limit * ranking.negatives)
        area += float(mass[some] @ ramps)
    return area / (float(mass.sum()) * limit * ranking.negatives)


def ramp_area(start: Counts, stop: Counts, limit: float) -> NDArray[np.float64]:
    """Compute the area, (K,), left of `limit` under ramps from 0 at `start` to 1 at `stop`.

    A ramp stays at 1 after `stop`.
    """
    inside = np.clip(limit, start, stop)  # where the limit cuts the ramp
    on_ramp = (inside - start) ** 2 / (2.0 * np.maximum(stop - start, 1))
    return on_ramp + np.maximum(limit - stop, 0.0)
