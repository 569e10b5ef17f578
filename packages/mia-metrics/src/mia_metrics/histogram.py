"""Pixel-level metrics of maps that arrive in batches, in a fixed amount of memory."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mia_metrics import validate
from mia_metrics.pixel import metrics_of
from mia_metrics.ranking import Ranking, f1_of
from mia_metrics.regions.aupro import LIMIT, aupro_of_mass
from mia_metrics.regions.regions import region_weights
from mia_metrics.streaming import check_both_classes, checked_batch

_SIGN = np.uint32(0x80000000)


class Bounds(NamedTuple):
    """Lower and upper bound of an exact value."""

    low: float
    high: float


class PixelHistogram:
    """Histogram of pixels that gives `pixel_metrics` of any number of images.

    There are 2**bits bins, which take 24 * 2**bits bytes. A bin holds the float32 values that share
    their sign, exponent and first bits - 9 bits of the mantissa, so its width is 2**(9 - bits) of
    its values (a two-thousandth for 20 bits) and the range of the maps need not be known. Pixels of
    one bin are treated as tied; `bounds` computes how far the exact values can be.

    Args:
        bits: binary logarithm of the number of bins, 10 to 24.
        aupro: also compute `aupro`.
        limit: the highest false positive rate of `aupro`, in (0, 1].

    Raises:
        ValueError: `bits` outside 10 to 24, `limit` outside (0, 1].

    Examples:
        >>> pixels = PixelHistogram(bits=12)
        >>> pixels.update([[[0, 1], [0, 1]]], [[[0.1, 0.9], [0.3, 0.4]]])
        >>> pixels.update([[[0, 0], [0, 0]]], [[[0.5, 0.2], [0.1, 0.1]]])
        >>> round(pixels.compute()["pixel_auroc"], 3)
        0.917
        >>> low, high = pixels.bounds()["pixel_auroc"]
        >>> round(low, 3), round(high, 3)
        (0.917, 0.917)
    """

    def __init__(self, *, bits: int = 20, aupro: bool = True, limit: float = LIMIT) -> None:
        if validate.at_least("bits", bits, 10) > 24:
            msg = f"expected bits in 10 to 24, got {bits}"
            raise ValueError(msg)
        self._limit = validate.positive_share("limit", limit)
        self._aupro = aupro
        self._shift = np.uint32(32 - bits)
        self._every = np.zeros(2**bits, np.int64)
        self._lesion = np.zeros(2**bits, np.int64)
        self._mass = np.zeros(2**bits)  # sum of the region weights of a bin's lesion pixels

    def update(self, masks: ArrayLike, maps: ArrayLike) -> None:
        """Add a batch of images, with or without lesions; batches may differ in size.

        Args:
            masks: (n, h, w) 0 normal, 1 lesion (or 0/255, or booleans).
            maps: (n, h, w) finite, higher = more abnormal.

        Raises:
            ValueError: as `PixelAccumulator.update`.
        """
        truth, scores = checked_batch(masks, maps)
        bins = ordered_bits(scores) >> self._shift
        _add(self._every, bins.ravel())
        _add(self._lesion, bins[truth])
        if self._aupro:
            _add(self._mass, bins[truth], region_weights(truth))

    def compute(self) -> dict[str, float]:
        """Compute the metrics of all images so far, with the pixels of a bin tied.

        `best_dice` is exact for `best_threshold`, which is the lower edge of a bin.

        Returns:
            As `pixel_metrics`.

        Raises:
            ValueError: no lesion pixel so far, or no normal one.
        """
        ranking, mass = self._ranking()
        metrics = metrics_of(ranking)
        if self._aupro:
            metrics["aupro"] = aupro_of_mass(ranking, mass, self._limit)
        return metrics

    def bounds(self) -> dict[str, Bounds]:
        """Compute bounds of the exact metrics, from the best and worst order within each bin.

        Those of the AUROC lie to either side of it by half of the share of lesion-normal pixel
        pairs that fall into one bin.

        Returns:
            The bounds of each metric but `best_threshold`.

        Raises:
            ValueError: no lesion pixel so far, or no normal one.
        """
        ranking, mass = self._ranking()
        metrics = metrics_of(ranking)
        tied = float((ranking.hits * (ranking.fp - ranking.above)).sum())
        reach = tied / (2.0 * ranking.positives * ranking.negatives)
        found = {
            "pixel_auroc": Bounds(metrics["pixel_auroc"] - reach, metrics["pixel_auroc"] + reach),
            "pixel_ap": _ap_bounds(ranking),
            "best_dice": Bounds(
                metrics["best_dice"], float(f1_of(ranking._replace(fp=ranking.above)).max())
            ),
        }
        if self._aupro:
            found["aupro"] = _aupro_bounds(ranking, mass, self._limit)
        return found

    def _ranking(self) -> tuple[Ranking, NDArray[np.float64]]:
        """Return the counts at the bins with lesion pixels, highest first, and their weights."""
        check_both_classes(int(self._lesion.sum()), int(self._every.sum()))
        used = np.flatnonzero(self._lesion)[::-1]
        at_or_above = np.cumsum(self._every[::-1])[::-1][used]
        hits, tp = self._lesion[used], np.cumsum(self._lesion[used])
        fp = at_or_above - tp
        ranking = Ranking(
            thresholds=from_ordered_bits(used.astype(np.uint32) << self._shift),
            hits=hits,
            tp=tp,
            above=fp - (self._every[used] - hits),
            fp=fp,
            positives=int(tp[-1]),
            negatives=int(self._every.sum() - tp[-1]),
        )
        return ranking, self._mass[used]


def ordered_bits(scores: NDArray[np.float32]) -> NDArray[np.uint32]:
    """Map float32 to uint32 in the same order: negatives inverted, others moved above them."""
    bits = (scores + np.float32(0.0)).view(np.uint32)  # adding 0 turns -0 into 0
    return np.where(bits & _SIGN, ~bits, bits | _SIGN)


def from_ordered_bits(keys: NDArray[np.uint32]) -> NDArray[np.float32]:
    """Map the uint32 of `ordered_bits` back to float32."""
    return np.where(keys & _SIGN, keys ^ _SIGN, ~keys).view(np.float32)


def _add(
    counts: NDArray[np.int64] | NDArray[np.float64],
    bins: NDArray[np.uint32],
    weights: NDArray[np.float64] | None = None,
) -> None:
    """Add to the counts, within the range of the given bins, which is far less than all bins."""
    if bins.size:
        low = int(bins.min())
        found = np.bincount(bins - np.uint32(low), weights)
        counts[low : low + found.size] += found


def _ap_bounds(ranking: Ranking) -> Bounds:
    """Bound the AP by the orders in which each bin's lesion pixels come last and first.

    If they come first, the AP is exact. If they come last, the k-th of a bin has the precision
    (a + k) / (a + k + c), with a lesion and c normal pixels before it. The sum of these is at least
    hits * (the first) and, by the integral of 1 / (a + c + x), at least
    hits - c * log(1 + hits / (a + c)).
    """
    hits, before = ranking.hits, ranking.tp - ranking.hits
    first = (before + 1) / (before + 1 + ranking.fp)
    joint = np.maximum(before + ranking.fp, 1)
    integral = hits - ranking.fp * np.log1p(hits / joint)
    low = np.maximum(hits * first, integral).sum() / ranking.positives
    high = (hits * ranking.tp / (ranking.tp + ranking.above)).sum() / ranking.positives
    return Bounds(float(low), float(high))


def _aupro_bounds(ranking: Ranking, mass: NDArray[np.float64], limit: float) -> Bounds:
    """Bound AUPRO by the orders in which each bin's lesion pixels come last and first."""
    low = aupro_of_mass(ranking._replace(above=ranking.fp), mass, limit)
    high = aupro_of_mass(ranking._replace(fp=ranking.above), mass, limit)
    return Bounds(low, high)
