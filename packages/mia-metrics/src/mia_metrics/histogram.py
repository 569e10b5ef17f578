"""Pixel metrics of maps that come batch by batch, in bounded memory, with rigorous bounds."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mia_metrics import validate
from mia_metrics.pixel import metrics_of
from mia_metrics.ranking import Ranking, f1_of
from mia_metrics.regions.aupro import LIMIT, aupro_of_mass, checked_limit, region_weights
from mia_metrics.streaming import check_both_classes, checked_batch

_SIGN = np.uint32(0x80000000)


class Bounds(NamedTuple):
    """The exact value lies between these."""

    low: float
    high: float


class PixelHistogram:
    """`pixel_metrics` from a histogram of 2**bits bins, whatever the number of images.

    A bin holds the float32 values that share their sign, exponent and first bits - 9 bits of the
    mantissa, so its width is 2**(9 - bits) of its values (a two-thousandth for 20 bits) and no
    range has to be known. Pixels of one bin are treated as tied. Memory: 24 * 2**bits bytes.

    How far that is from the exact values is computed, not estimated: see `bounds`.

    Args:
        bits: 10 to 24.
        aupro: also compute `aupro`.
        limit: the highest false positive rate of `aupro`.

    Raises:
        ValueError: `bits` outside 10 to 24, `limit` outside (0, 1].

    Example:
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
        self._limit = checked_limit(limit)
        self._aupro = aupro
        self._shift = np.uint32(32 - bits)
        self._every = np.zeros(2**bits, np.int64)
        self._lesion = np.zeros(2**bits, np.int64)
        self._mass = np.zeros(2**bits)  # sum of the region weights of a bin's lesion pixels

    def update(self, masks: ArrayLike, maps: ArrayLike) -> None:
        """Add masks (n, h, w) and maps (n, h, w) of some images, with or without lesions.

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
        """Return what `pixel_metrics` returns of all images so far, pixels of one bin being tied.

        `best_dice` is exact for `best_threshold`, which is the lower edge of a bin.

        Raises:
            ValueError: no lesion pixel so far, or no normal one.
        """
        ranking, mass = self._ranking()
        metrics = metrics_of(ranking)
        if self._aupro:
            metrics["aupro"] = aupro_of_mass(ranking, mass, self._limit)
        return metrics

    def bounds(self) -> dict[str, Bounds]:
        """Return, for each metric but `best_threshold`, bounds that hold the exact value.

        They are those of the best and the worst order of the pixels within each bin. The AUROC's
        lie half of the share of lesion-normal pairs that share a bin to either side.

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
        """Return counts at the bins with lesion pixels, highest first, and their region weights."""
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
    """Map float32 to uint32 of the same order: negative ones inverted, others moved above."""
    bits = (scores + np.float32(0.0)).view(np.uint32)  # adding 0 turns -0 into 0
    return np.where(bits & _SIGN, ~bits, bits | _SIGN)


def from_ordered_bits(keys: NDArray[np.uint32]) -> NDArray[np.float32]:
    """Invert `ordered_bits`."""
    return np.where(keys & _SIGN, keys ^ _SIGN, ~keys).view(np.float32)


def _add(
    counts: NDArray[np.int64] | NDArray[np.float64],
    bins: NDArray[np.uint32],
    weights: NDArray[np.float64] | None = None,
) -> None:
    """Count the bins within their own range, which is far less than all of them."""
    if bins.size:
        low = int(bins.min())
        found = np.bincount(bins - np.uint32(low), weights)
        counts[low : low + found.size] += found


def _ap_bounds(ranking: Ranking) -> Bounds:
    """AP where each bin's lesion pixels come first, and a bound from below where they come last.

    Last, the k-th of a bin has precision (a + k) / (a + k + c), a lesion pixels and c normal ones
    being before it. Their sum is at least hits * (the first), and, by the integral of
    1 / (a + c + x), at least hits - c * log(1 + hits / (a + c)).
    """
    hits, before = ranking.hits, ranking.tp - ranking.hits
    first = (before + 1) / (before + 1 + ranking.fp)
    joint = np.maximum(before + ranking.fp, 1)
    integral = hits - ranking.fp * np.log1p(hits / joint)
    low = np.maximum(hits * first, integral).sum() / ranking.positives
    high = (hits * ranking.tp / (ranking.tp + ranking.above)).sum() / ranking.positives
    return Bounds(float(low), float(high))


def _aupro_bounds(ranking: Ranking, mass: NDArray[np.float64], limit: float) -> Bounds:
    """AUPRO where each bin's lesion pixels come after, and before, its normal ones."""
    low = aupro_of_mass(ranking._replace(above=ranking.fp), mass, limit)
    high = aupro_of_mass(ranking._replace(fp=ranking.above), mass, limit)
    return Bounds(low, high)
