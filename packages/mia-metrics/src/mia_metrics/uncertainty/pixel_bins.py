"""Counts of each image's pixels in bins of the score, from which any resample can be ranked."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mia_metrics.ranking import Ranking
from mia_metrics.uncertainty.resample import Resamples, Strata
from mia_metrics.validate import Bools, Floats

_CHUNK = 2**24  # values in an array for one chunk of resamples: 128 MB


class Tallies(NamedTuple):
    """Counts of n images in each of K bins, highest bin first.

    Attributes:
        normal: (n, K) normal pixels.
        lesion: (n, K) lesion pixels.
        mass: (n, K) sum of the region weights of the lesion pixels.
    """

    normal: NDArray[np.float64]
    lesion: NDArray[np.float64]
    mass: NDArray[np.float64]


class PixelBins:
    """Pixel counts of every image in bins of the score.

    Bins begin at quantiles of the lesion pixels: a metric changes only where the threshold passes
    the score of a lesion pixel, so bins are narrow where these are dense. Normal pixels below all
    lesion pixels are in no bin.

    Args:
        truth: checked masks (N, H, W).
        maps: checked maps (N, H, W).
        parts: indices of the normal and of the abnormal images.
        weights: `region_weights` of the masks.
        bins: largest number of bins.
    """

    def __init__(
        self,
        truth: Bools,
        maps: Floats,
        parts: Strata,
        *,
        weights: NDArray[np.float64],
        bins: int,
    ) -> None:
        lesion = np.sort(maps[truth])
        chosen = np.linspace(0, lesion.size - 1, min(bins, lesion.size)).round().astype(np.intp)
        self._starts = np.unique(lesion[chosen])
        self._pixels = maps[0].size
        ends = np.count_nonzero(truth, axis=(1, 2)).cumsum()
        of_image = np.split(weights, ends[:-1])
        self._normal, self._abnormal = (
            self._tally([(truth[image], maps[image], of_image[image]) for image in images])
            for images in parts
        )

    def _tally(self, images: list[tuple[Bools, Floats, NDArray[np.float64]]]) -> Tallies:
        """Count the pixels of images, given as mask, map and region weights."""
        size = self._starts.size + 1
        found = Tallies(*np.zeros((3, len(images), size - 1)))
        for row, (mask, scores, weights) in enumerate(images):
            place = np.searchsorted(self._starts, scores, side="right")  # 0: below all bins
            of_lesion = place[mask]
            every, lesion = (
                np.bincount(some, minlength=size) for some in (place.ravel(), of_lesion)
            )
            mass = np.bincount(of_lesion, weights, minlength=size)
            for out, counts in zip(found, (every - lesion, lesion, mass), strict=True):
                out[row] = counts[:0:-1]
        return found

    def ranked(self, drawn: Resamples) -> Iterator[tuple[Ranking, NDArray[np.float64]]]:
        """Rank every resample.

        Yields:
            The ranking of a resample, and the sum of region weights at its thresholds, (K,).
        """
        normal, abnormal = drawn.normal, drawn.abnormal
        step = max(1, _CHUNK // max(self._starts.size, normal.shape[1], abnormal.shape[1]))
        for start in range(0, len(normal), step):
            rows = slice(start, start + step)
            yield from self._ranked(Resamples(drawn.parts, normal[rows], abnormal[rows]))

    def _ranked(self, resamples: Resamples) -> Iterator[tuple[Ranking, NDArray[np.float64]]]:
        """Rank one chunk of resamples by matrix products."""
        # In float64, whose products are many times as fast as those of whole numbers.
        weights, of_lesion = (counts.T.astype(np.float64) for counts in resamples.counts)
        misses = weights @ self._normal.normal + of_lesion @ self._abnormal.normal
        hits, mass = of_lesion @ self._abnormal.lesion, of_lesion @ self._abnormal.mass
        # Sums of whole numbers, which are exact in float64.
        misses, hits = misses.astype(np.int64), hits.astype(np.int64)
        fp, tp = misses.cumsum(axis=1), hits.cumsum(axis=1)
        drawn = (resamples.normal.shape[1] + resamples.abnormal.shape[1]) * self._pixels
        for row in range(len(hits)):
            positives = int(tp[row, -1])
            ranking = Ranking(
                thresholds=self._starts[::-1],
                hits=hits[row],
                tp=tp[row],
                above=fp[row] - misses[row],
                fp=fp[row],
                positives=positives,
                negatives=drawn - positives,
            )
            yield ranking, mass[row]
