"""Metrics at a threshold that the caller gives, and how to choose one from normal scores alone."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from mia_metrics import validate
from mia_metrics.validate import Bools, Floats


class Confusion(NamedTuple):
    """Counts of images at a threshold, and the shares that follow from them."""

    tp: int
    fp: int
    tn: int
    fn: int

    @property
    def sensitivity(self) -> float:
        """Share of abnormal images that are called."""
        return self.tp / (self.tp + self.fn)

    @property
    def specificity(self) -> float:
        """Share of normal images that are not called."""
        return self.tn / (self.tn + self.fp)

    @property
    def precision(self) -> float:
        """Share of called images that are abnormal; NaN where none is called."""
        called = self.tp + self.fp
        return self.tp / called if called else math.nan

    @property
    def accuracy(self) -> float:
        """Share of images that are called right."""
        return (self.tp + self.tn) / (self.tp + self.fp + self.tn + self.fn)

    @property
    def balanced_accuracy(self) -> float:
        """Mean of sensitivity and specificity."""
        return (self.sensitivity + self.specificity) / 2.0

    @property
    def f1(self) -> float:
        """2 TP / (2 TP + FP + FN)."""
        return 2.0 * self.tp / (2 * self.tp + self.fp + self.fn)


def confusion(labels: ArrayLike, scores: ArrayLike, *, threshold: float) -> Confusion:
    """Count the images of labels (N,) and scores (N,) that are called (score >= threshold) or not.

    Images tied with the threshold are called. The comparison is exact: a float32 score is not
    compared with a rounded threshold.

    Raises:
        ValueError: as `image_metrics`; `threshold` NaN.

    Paper: Fawcett, Pattern Recognition Letters 27, 2006, https://doi.org/10.1016/j.patrec.2005.10.010

    Example:
        >>> counts = confusion([0, 0, 1, 1], [1, 3, 2, 4], threshold=3)
        >>> counts, counts.sensitivity
        (Confusion(tp=1, fp=1, tn=1, fn=1), 0.5)
    """
    truth, values = validate.image_pair(labels, scores)
    tp, called = _called(truth, values, threshold)
    positives = int(np.count_nonzero(truth))
    fp = called - tp
    return Confusion(tp=tp, fp=fp, tn=truth.size - positives - fp, fn=positives - tp)


def balanced_accuracy(labels: ArrayLike, scores: ArrayLike, *, threshold: float) -> float:
    """Mean of sensitivity and specificity of labels (N,) and scores (N,) at `threshold`.

    Images tied with the threshold are called. 0.5 is chance, whatever the share of abnormal images.

    Raises:
        ValueError: as `confusion`.

    Paper: Brodersen et al., ICPR 2010, https://doi.org/10.1109/ICPR.2010.764

    Example:
        >>> balanced_accuracy([0, 0, 0, 1], [1, 2, 3, 4], threshold=3)
        0.8333333333333333
    """
    return confusion(labels, scores, threshold=threshold).balanced_accuracy


def dice_at(masks: ArrayLike, maps: ArrayLike, *, threshold: float) -> float:
    """Dice of masks (N, H, W) and maps (N, H, W) at `threshold`, all pixels of the set pooled.

    2 |A and M| / (|A| + |M|), with A the pixels with score >= threshold (ties included), M those of
    the masks.

    Raises:
        ValueError: as `pixel_metrics`; `threshold` NaN.

    Paper: Dice, Ecology 26, 1945, https://doi.org/10.2307/1932409

    Example:
        >>> dice_at([[[0, 1], [0, 1]]], [[[1.0, 2.0], [3.0, 4.0]]], threshold=3.0)
        0.5
    """
    truth, values = validate.pixel_pair(masks, maps)
    tp, called = _called(truth, values, threshold)
    return 2.0 * tp / (called + int(np.count_nonzero(truth)))


def iou_at(masks: ArrayLike, maps: ArrayLike, *, threshold: float) -> float:
    """Intersection over union of masks and maps (N, H, W) at `threshold`, all pixels pooled.

    |A and M| / |A or M|, with A and M as in `dice_at`, ties included in A.

    Raises:
        ValueError: as `dice_at`.

    Paper: Jaccard, Bull. Soc. Vaud. Sci. Nat. 37, 1901, https://doi.org/10.5169/seals-266450

    Example:
        >>> iou_at([[[0, 1], [0, 1]]], [[[1.0, 2.0], [3.0, 4.0]]], threshold=2.0)
        0.6666666666666666
    """
    truth, values = validate.pixel_pair(masks, maps)
    tp, called = _called(truth, values, threshold)
    return tp / (called + int(np.count_nonzero(truth)) - tp)


def normal_threshold(
    normal_scores: ArrayLike, *, quantile: float = 0.95, conformal: bool = False
) -> float:
    """Threshold from the scores (N,) of normal images alone, without any label of abnormal ones.

    The smallest number above the k-th smallest score, k = ceil(quantile * N): at most a share of
    1 - quantile of these scores is called (score >= threshold), ties with the k-th included on the
    normal side. With `conformal`, k = ceil(quantile * (N + 1)): then a new normal image,
    exchangeable with these, is called with a probability of at most 1 - quantile.

    Give scores of normal images that the detector was not trained on: training images score lower.

    Raises:
        ValueError: NaN or infinity, empty input, `quantile` outside (0, 1), or, with `conformal`,
            too few scores for this quantile.

    Paper: Vovk, Gammerman and Shafer, 2005, https://doi.org/10.1007/b106715 (conformal)

    Example:
        >>> threshold = normal_threshold([0.1, 0.2, 0.3, 0.4], quantile=0.75)
        >>> 0.3 < threshold <= 0.30000000000000005
        True
    """
    quantile = validate.share("quantile", quantile, closed=False)
    scores = validate.as_scores("normal_scores", normal_scores, 1)
    # The small allowance keeps ceil(0.07 * 100) at 7, whatever the rounding of the product.
    k = max(math.ceil(quantile * (scores.size + conformal) - 1e-9), 1)
    if k > scores.size:
        least = math.ceil(quantile / (1.0 - quantile) - 1e-9)
        msg = f"expected at least {least} normal_scores for quantile {quantile}, got {scores.size}"
        raise ValueError(msg)
    kth = np.partition(scores, k - 1)[k - 1]
    return float(np.nextafter(kth, np.array(np.inf, scores.dtype)))


def at_or_above(scores: Floats, threshold: float) -> Bools:
    """Mark the scores at or above a threshold, exactly.

    numpy would round the threshold to the type of float32 scores, and so move it.
    """
    with np.errstate(over="ignore"):
        rounded = scores.dtype.type(threshold)
    if float(rounded) < threshold:
        rounded = np.nextafter(rounded, scores.dtype.type(np.inf))
    return scores >= rounded


def _called(truth: Bools, scores: Floats, threshold: float) -> tuple[int, int]:
    """Return how many abnormal entries, and how many in all, are at or above the threshold."""
    called = at_or_above(scores, validate.number("threshold", threshold))
    return int(np.count_nonzero(called & truth)), int(np.count_nonzero(called))
