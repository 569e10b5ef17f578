"""FROC: the share of lesions found against the false detections an image."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mia_metrics import validate
from mia_metrics.regions.maxima import basins, merges, true_peaks
from mia_metrics.regions.regions import label_regions
from mia_metrics.validate import Bools, Floats

RATES = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)

_CHUNK = 2**18  # pixels worked on at once: about 30 MB


class Froc(NamedTuple):
    """FROC curve, one point a threshold at which it changes, thresholds falling from `inf`.

    Attributes:
        false_positives: (K,) false detections an image, of all images, with and without lesions.
        sensitivity: (K,) share of all lesions that are hit.
        thresholds: (K,).
        lesions: number of lesions.
        images: number of images.
    """

    false_positives: NDArray[np.float64]
    sensitivity: NDArray[np.float64]
    thresholds: NDArray[np.float64]
    lesions: int
    images: int

    def sensitivity_at(self, false_positives: float) -> float:
        """Highest sensitivity of the thresholds with at most so many false detections an image.

        Raises:
            ValueError: a number below 0, or none.
        """
        allowed = validate.number("false_positives", false_positives)
        if allowed < 0.0:
            msg = f"expected false_positives of at least 0, got {false_positives!r}"
            raise ValueError(msg)
        return float(self.sensitivity[self.false_positives <= allowed].max())

    def score(self, rates: Sequence[float] = RATES) -> float:
        """Mean of `sensitivity_at` over rates of false detections an image.

        Raises:
            ValueError: no rate; as `sensitivity_at`.
        """
        if len(rates) == 0:
            msg = "expected at least 1 rate of false detections, got none"
            raise ValueError(msg)
        return float(np.mean([self.sensitivity_at(rate) for rate in rates]))


class Events(NamedTuple):
    """Levels at which false detections appear and vanish, and at which each lesion is hit."""

    appear: Floats
    vanish: Floats
    hit: NDArray[np.float64]


def froc(
    masks: ArrayLike, maps: ArrayLike, *, hit: str = "overlap", min_overlap: float = 0.0
) -> Froc:
    """FROC curve of masks (N, H, W) and maps (N, H, W), exact at every threshold.

    Lesions are the 8-connected regions of the masks. What is a detection, and when it hits:

    `overlap`: the detections at threshold t are the 8-connected components of {map >= t}. One that
    touches no lesion is false. A lesion is hit where at least one of its pixels, and at least a
    share `min_overlap` of them, are >= t. A component that touches several lesions may hit each.

    `peak`: the detections are the local maxima of the map (8 neighbours; a plateau of equal pixels
    counts once, at the first of them in reading order), each with its value as its confidence. One
    outside all lesions is false where its value is >= t. A lesion is hit where a local maximum >= t
    lies in it. Smooth a noisy map first.

    False detections may become fewer as the threshold falls, because components merge
    (`overlap`); the curve keeps these points, and `sensitivity_at` takes the best one allowed.
    Nothing is sampled: the components of all thresholds come from a maximum spanning forest.

    Args:
        masks: (N, H, W) 0/1 (or 0/255, or booleans); images without a lesion count.
        maps: (N, H, W) finite, higher = more abnormal.
        hit: `overlap` or `peak`.
        min_overlap: in [0, 1], for `overlap`.

    Raises:
        ValueError: as `pixel_metrics`; an unknown `hit`; `min_overlap` outside [0, 1], or given
            with `peak`.

    Paper: Bunch et al., SPIE 127, 1977, https://doi.org/10.1117/12.955926; score: Setio et al.,
        Medical Image Analysis 42, 2017, https://doi.org/10.1016/j.media.2017.06.015

    Example:
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
        msg = f"expected min_overlap only with hit 'overlap', got {min_overlap} with {hit!r}"
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
    found = basins(scores, truth)
    hit = _lesion_levels(truth, scores, min_overlap)
    return Events(scores.ravel()[found.peaks], merges(found), hit)


def _peak_events(truth: Bools, scores: Floats, min_overlap: float) -> Events:
    del min_overlap  # a peak lies in a lesion or does not
    peaks = true_peaks(scores, basins(scores))
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
    """Highest threshold at which the share `min_overlap` of each lesion's pixels is reached."""
    region, values = label_regions(truth)[truth], scores[truth]
    order = np.lexsort((-values, region))
    sizes = np.bincount(region)[1:]
    # The small allowance keeps ceil(0.07 * 100) at 7, whatever the rounding of the product.
    needed = np.maximum(np.ceil(min_overlap * sizes - 1e-9).astype(np.intp), 1)
    starts = np.cumsum(sizes) - sizes
    return values[order][starts + needed - 1].astype(np.float64)


def _curve(events: Events, images: int) -> Froc:
    """Count the events at or above each level."""
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
    return levels.size - np.searchsorted(np.sort(levels), thresholds, side="left")
