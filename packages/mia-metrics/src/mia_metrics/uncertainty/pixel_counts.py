"""Ranking of the pixels of a set in which each image counts a given number of times."""

import numpy as np
from numpy.typing import NDArray

from mia_metrics.ranking import Ranking
from mia_metrics.regions.regions import region_weights
from mia_metrics.validate import Bools, Floats


class PixelCounts:
    """Ranked pixels that can be counted for any weights of the images.

    The pixels are sorted once. Only the scores of lesion pixels are thresholds (`ranking.py` says
    why). Between two of them the pixels' weights are summed in one run, so a count is one pass
    without sorting.

    Args:
        truth: checked masks (N, H, W).
        maps: checked maps (N, H, W).
    """

    def __init__(self, truth: Bools, maps: Floats) -> None:
        size = maps[0].size
        order = np.argsort(maps, axis=None)[::-1]
        ranked = maps.ravel()[order]
        in_lesion = truth.ravel()[order]
        self._image = (order // size).astype(np.min_scalar_type(len(maps)))
        self._lesion_image = self._image[in_lesion]
        # Position of every lesion pixel in maps[truth], the order of the region weights.
        place = (np.cumsum(truth, axis=None) - 1)[order[in_lesion]]
        self._region_weight = region_weights(truth)[place]

        values = ranked[in_lesion]
        self._groups = np.flatnonzero(np.concatenate(([True], values[1:] != values[:-1])))
        self._thresholds = values[self._groups]
        rising = ranked[::-1]
        above = ranked.size - np.searchsorted(rising, self._thresholds[::-1], side="right")[::-1]
        at_or_above = ranked.size - np.searchsorted(rising, self._thresholds[::-1])[::-1]
        cuts = np.unique(np.concatenate(([0], above, at_or_above)))
        self._cuts = cuts[cuts < ranked.size]
        self._above = np.searchsorted(self._cuts, above)
        self._at_or_above = np.searchsorted(self._cuts, at_or_above)

    def weighted(self, weights: NDArray[np.int64]) -> tuple[Ranking, NDArray[np.float64]]:
        """Count every image a given number of times.

        Args:
            weights: (N,) how often each image counts.

        Returns:
            The ranking, and the sum of region weights at each of its thresholds, (K,).
        """
        runs = np.add.reduceat(weights[self._image], self._cuts)
        before = np.concatenate(([0], np.cumsum(runs)))  # weight of the pixels before each cut
        of_lesion = weights[self._lesion_image]
        hits = np.add.reduceat(of_lesion, self._groups)
        tp = np.cumsum(hits)
        ranking = Ranking(
            thresholds=self._thresholds,
            hits=hits,
            tp=tp,
            above=before[self._above] - (tp - hits),
            fp=before[self._at_or_above] - tp,
            positives=int(tp[-1]),
            negatives=int(before[-1] - tp[-1]),
        )
        return ranking, np.add.reduceat(of_lesion * self._region_weight, self._groups)
