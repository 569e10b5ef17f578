"""Exact pixel-level metrics of maps that arrive in batches."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mia_metrics import validate
from mia_metrics.pixel import metrics_of
from mia_metrics.ranking import rank_sorted
from mia_metrics.regions.aupro import LIMIT, aupro_of
from mia_metrics.regions.regions import region_weights
from mia_metrics.validate import Pair


class PixelAccumulator:
    """Accumulator of `pixel_metrics` over batches of a test set.

    It keeps 4 bytes for every pixel and 12 more for every lesion pixel. The results are exact for
    float32 maps. float64 maps are rounded to float32, which can tie pixels that differ by less than
    one part in 16 million, but never swaps two. `PixelHistogram` needs a fixed amount of memory.

    Args:
        aupro: also compute `aupro`.
        limit: the highest false positive rate of `aupro`, in (0, 1].

    Raises:
        ValueError: `limit` outside (0, 1].

    Examples:
        >>> pixels = PixelAccumulator()
        >>> pixels.update([[[0, 1], [0, 1]]], [[[0.1, 0.9], [0.3, 0.4]]])
        >>> pixels.update([[[0, 0], [0, 0]]], [[[0.5, 0.2], [0.1, 0.1]]])
        >>> round(pixels.compute()["pixel_auroc"], 3)
        0.917
    """

    def __init__(self, *, aupro: bool = True, limit: float = LIMIT) -> None:
        self._limit = validate.positive_share("limit", limit)
        self._aupro = aupro
        self._every: list[NDArray[np.float32]] = []
        self._lesion: list[NDArray[np.float32]] = []
        self._weights: list[NDArray[np.float64]] = []

    def update(self, masks: ArrayLike, maps: ArrayLike) -> None:
        """Add a batch of images, with or without lesions; batches may differ in size.

        Args:
            masks: (n, h, w) 0 normal, 1 lesion (or 0/255, or booleans).
            maps: (n, h, w) finite, higher = more abnormal.

        Raises:
            ValueError: different shapes, NaN or infinity, masks other than 0/1 (or 0/255), empty
                input, scores beyond the range of float32.
        """
        truth, scores = checked_batch(masks, maps)
        self._every.append(scores.flatten())  # a copy: the caller may reuse the batch's memory
        self._lesion.append(scores[truth])
        if self._aupro:
            self._weights.append(region_weights(truth))

    def compute(self) -> dict[str, float]:
        """Compute the metrics of all images so far; more can be added afterwards.

        Returns:
            As `pixel_metrics`.

        Raises:
            ValueError: no lesion pixel so far, or no normal one.
        """
        check_both_classes(sum(map(len, self._lesion)), sum(map(len, self._every)))
        every = _joined(self._every)
        every.sort()
        lesion = np.concatenate(self._lesion)
        ranking = rank_sorted(every, np.sort(lesion))
        metrics = metrics_of(ranking)
        if self._aupro:
            weights = np.concatenate(self._weights)
            metrics["aupro"] = aupro_of(ranking, lesion, weights, self._limit)
        return metrics


def checked_batch(masks: ArrayLike, maps: ArrayLike) -> Pair:
    """Check masks and maps (n, h, w), of one class or both, and round the maps to float32.

    Raises:
        ValueError: as `PixelAccumulator.update`.
    """
    truth, scores = validate.as_binary("masks", masks, 3), validate.as_scores("maps", maps, 3)
    validate.same_shape("masks", truth, "maps", scores)
    return Pair(truth, validate.as_float32("maps", scores))


def check_both_classes(lesion: int, every: int) -> None:
    """Raise ValueError unless there are lesion pixels and normal ones.

    Args:
        lesion: number of lesion pixels.
        every: number of all pixels.
    """
    if lesion in (0, every):
        msg = f"expected masks with lesion and normal pixels, got {lesion} lesion of {every} pixels"
        raise ValueError(msg)


def _joined(parts: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Concatenate the parts in place, freeing each once copied, so that memory does not double."""
    if len(parts) > 1:
        whole = np.empty(sum(map(len, parts)), np.float32)
        filled = 0
        while parts:
            part = parts.pop()
            whole[filled : filled + len(part)] = part
            filled += len(part)
        parts.append(whole)
    return parts[0]
