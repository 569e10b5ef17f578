"""Metrics at a given threshold, and the choice of a threshold from normal scores alone."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from mia_metrics import validate
from mia_metrics.validate import Bools, Floats


class Confusion(NamedTuple):
    """Confusion matrix at a threshold, and the rates that follow from it.

    Attributes:
        tp: abnormal images that are flagged (true positives).
        fp: normal images that are flagged (false positives).
        tn: normal images that are not flagged (true negatives).
        fn: abnormal images that are not flagged (false negatives).
    """

    tp: int
    fp: int
    tn: int
    fn: int

    @property
    def sensitivity(self) -> float:
        """Share of abnormal images that are flagged."""
        return self.tp / (self.tp + self.fn)

    @property
    def specificity(self) -> float:
        """Share of normal images that are not flagged."""
        return self.tn / (self.tn + self.fp)

    @property
    def precision(self) -> float:
        """Share of flagged images that are abnormal; NaN if none is flagged."""
        flagged = self.tp + self.fp
        return self.tp / flagged if flagged else math.nan

    @property
    def accuracy(self) -> float:
        """Share of images that are classified correctly."""
        return (self.tp + self.tn) / (self.tp + self.fp + self.tn + self.fn)

    @property
    def balanced_accuracy(self) -> float:
        """Mean of sensitivity and specificity."""
        return (self.sensitivity + self.specificity) / 2.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and sensitivity, 2 TP / (2 TP + FP + FN)."""
        return 2.0 * self.tp / (2 * self.tp + self.fp + self.fn)


def confusion(labels: ArrayLike, scores: ArrayLike, *, threshold: float) -> Confusion:
    """Compute the confusion matrix at a threshold.

    An image is flagged as abnormal if its score is >= threshold. The comparison is exact: a float32
    score is not compared with a rounded threshold.

    Args:
        labels: (N,) 0 normal, 1 abnormal (or 0/255, or booleans).
        scores: (N,) finite, higher = more abnormal.
        threshold: any number; `inf` flags nothing.

    Returns:
        The four counts, which sum to N.

    Raises:
        ValueError: as `image_metrics`; `threshold` is NaN or not a number.

    Paper: Fawcett, Pattern Recognition Letters 27, 2006, https://doi.org/10.1016/j.patrec.2005.10.010

    Examples:
        >>> counts = confusion([0, 0, 1, 1], [1, 3, 2, 4], threshold=3)
        >>> counts, counts.sensitivity
        (Confusion(tp=1, fp=1, tn=1, fn=1), 0.5)
    """
    truth, values = validate.image_pair(labels, scores)
    tp, flagged = _count_flagged(truth, values, threshold)
    positives = int(np.count_nonzero(truth))
    fp = flagged - tp
    return Confusion(tp=tp, fp=fp, tn=truth.size - positives - fp, fn=positives - tp)


def balanced_accuracy(labels: ArrayLike, scores: ArrayLike, *, threshold: float) -> float:
    """Compute the mean of sensitivity and specificity at a threshold.

    An image is flagged as abnormal if its score is >= threshold. 0.5 is chance, whatever the share
    of abnormal images.

    Args:
        labels: (N,) 0 normal, 1 abnormal (or 0/255, or booleans).
        scores: (N,) finite, higher = more abnormal.
        threshold: any number.

    Returns:
        The balanced accuracy, in [0, 1].

    Raises:
        ValueError: as `confusion`.

    Paper: Brodersen et al., ICPR 2010, https://doi.org/10.1109/ICPR.2010.764

    Examples:
        >>> balanced_accuracy([0, 0, 0, 1], [1, 2, 3, 4], threshold=3)
        0.8333333333333333
    """
    return confusion(labels, scores, threshold=threshold).balanced_accuracy


def dice_at(masks: ArrayLike, maps: ArrayLike, *, threshold: float) -> float:
    """Compute Dice at a threshold, all pixels of the set pooled.

    Dice = 2 |A and M| / (|A| + |M|), where A are the pixels with score >= threshold and M those of
    the masks.

    Args:
        masks: (N, H, W) 0 normal, 1 lesion (or 0/255, or booleans).
        maps: (N, H, W) finite, higher = more abnormal.
        threshold: any number.

    Returns:
        The Dice, in [0, 1].

    Raises:
        ValueError: as `pixel_metrics`; `threshold` is NaN or not a number.

    Paper: Dice, Ecology 26, 1945, https://doi.org/10.2307/1932409

    Examples:
        >>> dice_at([[[0, 1], [0, 1]]], [[[1.0, 2.0], [3.0, 4.0]]], threshold=3.0)
        0.5
    """
    truth, values = validate.pixel_pair(masks, maps)
    tp, flagged = _count_flagged(truth, values, threshold)
    return 2.0 * tp / (flagged + int(np.count_nonzero(truth)))


def iou_at(masks: ArrayLike, maps: ArrayLike, *, threshold: float) -> float:
    """Compute intersection over union at a threshold, all pixels of the set pooled.

    IoU = |A and M| / |A or M|, where A are the pixels with score >= threshold and M those of the
    masks.

    Args:
        masks: (N, H, W) 0 normal, 1 lesion (or 0/255, or booleans).
        maps: (N, H, W) finite, higher = more abnormal.
        threshold: any number.

    Returns:
        The IoU, in [0, 1].

    Raises:
        ValueError: as `dice_at`.

    Paper: Jaccard, Bull. Soc. Vaud. Sci. Nat. 37, 1901, https://doi.org/10.5169/seals-266450

    Examples:
        >>> iou_at([[[0, 1], [0, 1]]], [[[1.0, 2.0], [3.0, 4.0]]], threshold=2.0)
        0.6666666666666666
    """
    truth, values = validate.pixel_pair(masks, maps)
    tp, flagged = _count_flagged(truth, values, threshold)
    return tp / (flagged + int(np.count_nonzero(truth)) - tp)


def normal_threshold(
    normal_scores: ArrayLike, *, quantile: float = 0.95, conformal: bool = False
) -> float:
    """Choose a threshold from the scores of normal images alone.

    It is the smallest number above the k-th smallest score, k = ceil(quantile * N), so at most a
    share of 1 - quantile of these images is flagged (score >= threshold); images tied with the k-th
    are not.

    Args:
        normal_scores: (N,) scores of normal images that the detector was not trained on: training
            images score lower.
        quantile: share of normal images that shall not be flagged, in (0, 1).
        conformal: take k = ceil(quantile * (N + 1)) instead, so that a new normal image,
            exchangeable with these, is flagged with a probability of at most 1 - quantile.

    Returns:
        The threshold.

    Raises:
        ValueError: NaN or infinity, empty input, `quantile` outside (0, 1), or, with `conformal`,
            too few scores for this quantile.

    Paper: Vovk, Gammerman and Shafer, 2005, https://doi.org/10.1007/b106715 (conformal)

    Examples:
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
    """Flag the scores at or above a threshold, exactly.

    numpy would round the threshold to the type of float32 scores, and so move it.
    """
    with np.errstate(over="ignore"):
        rounded = scores.dtype.type(threshold)
    if float(rounded) < threshold:
        rounded = np.nextafter(rounded, scores.dtype.type(np.inf))
    return scores >= rounded


def _count_flagged(truth: Bools, scores: Floats, threshold: float) -> tuple[int, int]:
    """Count the abnormal entries, and all entries, at or above the threshold."""
    flagged = at_or_above(scores, validate.number("threshold", threshold))
    return int(np.count_nonzero(flagged & truth)), int(np.count_nonzero(flagged))
