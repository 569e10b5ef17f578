"""FROC: the share of lesions found against the number of false detections per image."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mia_metrics import validate
from mia_metrics.regions.maxima import basins, local_maxima, merges
from mia_metrics.regions.regions import label_regions
from mia_metrics.validate import Bools, Floats

RATES = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
"""False detections per image at which the FROC score averages the sensitivity, as in LUNA16."""

_CHUNK = 2**18  # pixels worked on at once: about 30 MB


class Froc(NamedTuple):
    """FROC curve, with one point for every threshold at which it changes.

    Attributes:
        false_positives: (K,) false detections per image, over images with and without lesions.
        sensitivity: (K,) share of all lesions that are hit.
        thresholds: (K,) falling from `inf`.
        lesions: number of lesions.
        images: number of images.
    """

    false_positives: NDArray[np.float64]
    sensitivity: NDArray[np.float64]
    thresholds: NDArray[np.float64]
    lesions: int
    images: int

    def sensitivity_at(self, false_positives: float) -> float:
        """Return the highest sensitivity with at most so many false detections per image.

        Args:
            false_positives: false detections allowed per image, at least 0.

        Raises:
            ValueError: `false_positives` is below 0 or not a number.
        """
        allowed = validate.number("false_positives", false_positives)
        if allowed < 0.0:
            msg = f"expected false_positives of at least 0, got {false_positives!r}"
            raise ValueError(msg)
        return float(self.sensitivity[self.false_positives <= allowed].max())

    def score(self, rates: Sequence[float] = RATES) -> float:
        """Return the mean of `sensitivity_at` over several rates.

        Args:
            rates: numbers of false detections per image.

        Raises:
            ValueError: no rate; as `sensitivity_at`.
        """
        if len(rates) == 0:
            msg = "expected at least 1 rate of false detections, got none"
            raise ValueError(msg)
        return float(np.mean([self.sensitivity_at(rate) for rate in rates]))


class Events(NamedTuple):
    """Thresholds at which the counts of a FROC curve change, as the threshold falls.

    Attributes:
        appear: (A,) a false detection appears.
        vanish: (V,) a false detection vanishes, merged with another or with a lesion.
        hit: (L,) each lesion is hit; `-inf` if never.
    """

    appear: Floats
    vanish: Floats
    hit: NDArray[np.float64]


def froc(
    masks: ArrayLike, maps: ArrayLike, *, hit: str = "overlap", min_overlap: float = 0.0
) -> Froc:
    """Compute the FROC curve, exact at every threshold.

    Lesions are the 8-connected regions of the masks. There are two definitions of a detection and a
    hit:

    `overlap`: the detections at threshold t are the 8-connected components of {map >= t}. One that
    touches no lesion is false. A lesion is hit if at least one of its pixels, and at least a share
    `min_overlap` of them, are >= t. A component that touches several lesions may hit each.

    `peak`: the detections at threshold t are the local maxima >= t of the map (8 neighbors; a
    plateau of equal pixels counts once, at the first of them in reading order). One outside all
    lesions is false. A lesion is hit if a detection lies in it. Smooth a noisy map first.

    With `overlap` the number of false detections can shrink as the threshold falls, because
    components merge; the curve keeps these points, and `sensitivity_at` takes the best one allowed.
    Nothing is sampled: the components of all thresholds come from a maximum spanning forest.

    Args:
        masks: (N, H, W) 0 normal, 1 lesion (or 0/255, or booleans). Images without a lesion count.
        maps: (N, H, W) finite, higher = more abnormal.
        hit: `overlap` or `peak`.
        min_overlap: share of a lesion's pixels, in [0, 1]; for `overlap` only.

    Returns:
        The curve.

    Raises:
        ValueError: as `pixel_metrics`; an unknown `hit`; `min_overlap` outside [0, 1], or given
            with `peak`.

    Paper: Bunch et al., SPIE 127, 1977, https://doi.org/10.1117/12.955926; score: Setio et al.,
        Medical Image Analysis 42, 2017, https://doi.org/10.1016/j.media.2017.06.015

    Examples:
        >>> masks = [[[1, 0, 0, 0, 0, 0]], [[0, 0, 0, 1, 0, 0]]]
        >>> maps = [[[0.9, 0.1, 0.1, 0.1, 0.1, 0.8]], [[0.7, 0.1, 0.1, 0.6, 0.1, 0.1]]]
        >>> curve = froc(masks, maps)
        >>> [round(t, 1) for t in curve.thresholds.tolist()]
        [inf, 0.9, 0.8, 0.7, 0.6, 0.1]
        >>> curve.false_positives.tolist()
        [0.0, 0.0, 0.5, 1.0, 1.0, 0.0]
        >>> curve.sensitivity.tolist(), curve.sensitivity_at(0.5)
        ([0.0, 0.5, 0.5, 0.5, 1.0, 1.0], 1.0)
    """
    validate.one_of("hit", hit, _CRITERIA)
    min_overlap = validate.share("min_overlap", min_overlap)
    if hit == "peak" and min_overlap > 0.0:
        msg = f"expected min_overlap only with hit 'overlap', got {min_overlap} with hit {hit!r}"
        raise ValueError(msg)
    truth, scores = validate.pixel_pair(masks, maps)
    step = max(1, _CHUNK // scores[0].size)
    parts = [
        _CRITERIA[hit](truth[start : start + step], scores[start : start + step], min_overlap)
        for start in range(0, len(scores), step)
    ]
    events = Events(*(np.concatenate(kind) for kind in zip(*parts, strict=True)))
    return _curve(events, len(scores))


def _overlap_events(truth: Bools, scores: Floats, min_overlap: float) -> Events:
    """Return the events of the `overlap` definition."""
    found = basins(scores, truth)
    hit = _lesion_levels(truth, scores, min_overlap)
    return Events(scores.ravel()[found.peaks], merges(found), hit)


def _peak_events(truth: Bools, scores: Floats, min_overlap: float) -> Events:
    """Return the events of the `peak` definition."""
    del min_overlap  # a peak lies in a lesion or does not
    peaks = local_maxima(scores, basins(scores))
    values = scores.ravel()[peaks]
    regions = label_regions(truth)
    region = regions.ravel()[peaks]
    hit = np.full(int(regions.max()) + 1, -np.inf)
    np.maximum.at(hit, region, values)
    return Events(values[region == 0], values[:0], hit[1:])


_CRITERIA: dict[str, Callable[[Bools, Floats, float], Events]] = {
    "overlap": _overlap_events,
    "peak": _peak_events,
}


def _lesion_levels(truth: Bools, scores: Floats, min_overlap: float) -> NDArray[np.float64]:
    """Return the highest threshold that the share `min_overlap` of each lesion's pixels reaches."""
    region, values = label_regions(truth)[truth], scores[truth]
    order = np.lexsort((-values, region))
    sizes = np.bincount(region)[1:]
    # The small allowance keeps ceil(0.07 * 100) at 7, whatever the rounding of the product.
    needed = np.maximum(np.ceil(min_overlap * sizes - 1e-9).astype(np.intp), 1)
    starts = np.cumsum(sizes) - sizes
    return values[order][starts + needed - 1].astype(np.float64)


def _curve(events: Events, images: int) -> Froc:
    """Build the curve by counting the events at or above each threshold."""
    levels = np.unique(np.concatenate(events))
    thresholds = levels[np.isfinite(levels)][::-1]
    appear, vanish, hit = (_at_or_above(kind, thresholds) for kind in events)
    lesions = events.hit.size
    return Froc(
        false_positives=np.concatenate(([0.0], (appear - vanish) / images)),
        sensitivity=np.concatenate(([0.0], hit / lesions)),
        thresholds=np.concatenate(([math.inf], thresholds)),
        lesions=lesions,
        images=images,
    )


def _at_or_above(levels: Floats, thresholds: Floats) -> NDArray[np.intp]:
    """Count the levels at or above each threshold."""
    return levels.size - np.searchsorted(np.sort(levels), thresholds, side="left")
