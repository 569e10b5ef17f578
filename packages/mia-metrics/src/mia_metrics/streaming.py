"""Pixel metrics of maps that come batch by batch, exactly."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mia_metrics import validate
from mia_metrics.pixel import metrics_of
from mia_metrics.ranking import rank_sorted
from mia_metrics.regions.aupro import LIMIT, aupro_of, checked_limit, region_weights
from mia_metrics.validate import Pair


class PixelAccumulator:
    """`pixel_metrics` of a test set that is never held whole: 4 bytes a pixel, and 12 a lesion one.

    Exact for float32 maps. float64 maps are rounded to float32, which can tie pixels that differ by
    less than one part in 16 million, but never swaps two. For memory that does not grow use
    `PixelHistogram`.

    Args:
        aupro: also compute `aupro`.
        limit: the highest false positive rate of `aupro`.

    Raises:
        ValueError: `limit` outside (0, 1].

    Example:
        >>> pixels = PixelAccumulator()
        >>> pixels.update([[[0, 1], [0, 1]]], [[[0.1, 0.9], [0.3, 0.4]]])
        >>> pixels.update([[[0, 0], [0, 0]]], [[[0.5, 0.2], [0.1, 0.1]]])
        >>> round(pixels.compute()["pixel_auroc"], 3)
        0.917
    """

    def __init__(self, *, aupro: bool = True, limit: float = LIMIT) -> None:
        self._limit = checked_limit(limit)
        self._aupro = aupro
        self._every: list[NDArray[np.float32]] = []
        self._lesion: list[NDArray[np.float32]] = []
        self._weights: list[NDArray[np.float64]] = []

    def update(self, masks: ArrayLike, maps: ArrayLike) -> None:
        """Add masks (n, h, w) and maps (n, h, w) of some images, with or without lesions.

        Raises:
            ValueError: shapes that differ, NaN or infinity, masks that are not 0/1 (or 0/255),
                empty input, scores beyond float32.
        """
        truth, scores = checked_batch(masks, maps)
        self._every.append(scores.flatten())  # a copy: the caller may reuse the batch's memory
        self._lesion.append(scores[truth])
        if self._aupro:
            self._weights.append(region_weights(truth))

    def compute(self) -> dict[str, float]:
        """Return what `pixel_metrics` returns of all images so far; more may be added after it.

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
    """Check masks and maps (n, h, w), of one class or both, and round the maps to float32."""
    truth, scores = validate.as_binary("masks", masks, 3), validate.as_scores("maps", maps, 3)
    validate.same_shape("masks", truth, "maps", scores)
    largest = float(np.finfo(np.float32).max)
    if max(abs(float(scores.min())), abs(float(scores.max()))) > largest:
        msg = f"expected maps within the range of float32, got {scores.min()} to {scores.max()}"
        raise ValueError(msg)
    return Pair(truth, scores.astype(np.float32, copy=False))


def check_both_classes(lesion: int, every: int) -> None:
    """Raise ValueError unless there are lesion pixels and normal ones."""
    if lesion in (0, every):
        msg = f"expected masks with lesion and normal pixels, got {lesion} lesion ones of {every}"
        raise ValueError(msg)


def _joined(parts: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Join the parts in place, freeing each as it is copied, so that memory does not double."""
    if len(parts) > 1:
        whole = np.empty(sum(map(len, parts)), np.float32)
        filled = 0
        while parts:
            part = parts.pop()
            whole[filled : filled + len(part)] = part
            filled += len(part)
        parts.append(whole)
    return parts[0]
