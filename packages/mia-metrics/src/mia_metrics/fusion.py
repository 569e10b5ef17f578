"""Fusion of several detectors' scores, or maps, of the same images."""

from collections.abc import Callable, Mapping
from functools import reduce

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mia_metrics import validate
from mia_metrics.validate import Floats

SCALES = ("rank", "quantile", "none")
COMBINE: dict[str, Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]] = {
    "mean": np.add,
    "maximum": np.maximum,
}


def fuse(
    scores: Mapping[str, ArrayLike],
    *,
    scale: str = "rank",
    combine: str = "mean",
    train_scores: Mapping[str, ArrayLike] | None = None,
) -> NDArray[np.float64]:
    """Fuse the scores (N,), or maps (N, H, W), of several detectors into one of the same shape.

    Each detector's scores are put on a common scale, `rank` (`rank_scale`, from the test set
    itself), `quantile` (`quantile_scale`, from scores of normal training images, so that an image
    is scored alone) or `none` (as they are), and then combined by `mean` or `maximum`. Equal scores
    of a detector stay equal. Maps are scaled over all pixels of the set.

    Args:
        scores: for each detector its scores or maps, all of one shape.
        scale: `rank`, `quantile` or `none`.
        combine: `mean` or `maximum`.
        train_scores: for each detector scores or maps of normal images, for `quantile` only.

    Raises:
        ValueError: no detector, shapes that differ, NaN or infinity, an unknown scale or
            combination, `train_scores` missing, of other detectors, or given without `quantile`.

    Paper: Kittler et al., IEEE TPAMI 20, 1998, https://doi.org/10.1109/34.667881

    Example:
        >>> fuse({"ae": [1, 2, 3, 4], "dae": [10, 30, 20, 40]}).tolist()
        [0.125, 0.5, 0.5, 0.875]
        >>> fuse({"ae": [0, 5], "dae": [9, 7]}, scale="none", combine="maximum").tolist()
        [9.0, 7.0]
    """
    validate.one_of("scale", scale, SCALES)
    validate.one_of("combine", combine, COMBINE)
    validate.named("scores", scores, "detector")
    _check_train(scores, train_scores, scale)
    first, *_ = scores
    like = np.asarray(scores[first])

    def scaled(name: str) -> NDArray[np.float64]:
        array = validate.as_scores(f"scores[{name!r}]", scores[name], None)
        validate.same_shape(f"scores[{first!r}]", like, f"scores[{name!r}]", array)
        if scale == "rank":
            return rank_scale(array)
        if train_scores is not None:
            return quantile_scale(train_scores[name], array)
        return array.astype(np.float64)

    total = reduce(COMBINE[combine], map(scaled, scores))  # one at a time in memory
    return total / len(scores) if combine == "mean" else total


def rank_scale(scores: ArrayLike) -> NDArray[np.float64]:
    """Replace scores of any shape by (rank - 1/2) / size, in (0, 1); ties get their average rank.

    Raises:
        ValueError: NaN or infinity, empty input.

    Paper: Kittler et al., IEEE TPAMI 20, 1998, https://doi.org/10.1109/34.667881

    Example:
        >>> rank_scale([3.0, 1.0, 1.0, 9.0]).tolist()
        [0.625, 0.25, 0.25, 0.875]
    """
    values = validate.as_scores("scores", scores, None)
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - counts / 2.0
    return (middle / values.size)[inverse.reshape(values.shape)]


def quantile_scale(train_scores: ArrayLike, scores: ArrayLike) -> NDArray[np.float64]:
    """Replace scores by the level that they have among scores of normal training images, in (0, 1).

    A score equal to a training score has the level (number of training scores below + half of
    those equal + 1/2) / (N + 1); between training scores the level is interpolated linearly.
    Beyond them what is left to 0 or 1 shrinks by 1 / (1 + u), with u the distance in units of the
    training scores' interquartile range (their range, or 1, where that is 0), so that images more
    abnormal than every training image still keep their order.

    Args:
        train_scores: of normal images, of any shape.
        scores: of any shape, which is kept.

    Raises:
        ValueError: NaN or infinity, empty input.

    Paper: Kriegel et al., SIAM SDM 2011, https://doi.org/10.1137/1.9781611972818.2

    Example:
        >>> quantile_scale([1, 2, 3], [2, 2.5, 3, 4]).tolist()
        [0.5, 0.625, 0.75, 0.875]
    """
    train = validate.as_scores("train_scores", train_scores, None).ravel().astype(np.float64)
    values = validate.as_scores("scores", scores, None).astype(np.float64)
    distinct, counts = np.unique(train, return_counts=True)
    levels = (np.cumsum(counts) - counts / 2.0 + 0.5) / (train.size + 1)
    scaled = np.interp(values, distinct, levels)
    unit = _spread(train)
    above, below = values > distinct[-1], values < distinct[0]
    scaled[above] = 1.0 - (1.0 - levels[-1]) / (1.0 + (values[above] - distinct[-1]) / unit)
    scaled[below] = levels[0] / (1.0 + (distinct[0] - values[below]) / unit)
    return scaled


def _spread(train: Floats) -> float:
    """Interquartile range, else the range, else 1."""
    low, high = np.quantile(train, [0.25, 0.75])
    for spread in (high - low, train.max() - train.min()):
        if spread > 0.0:
            return float(spread)
    return 1.0


def _check_train(
    scores: Mapping[str, ArrayLike], train: Mapping[str, ArrayLike] | None, scale: str
) -> None:
    if (train is not None) != (scale == "quantile"):
        got = "train_scores" if train is not None else "no train_scores"
        msg = f"expected train_scores with scale 'quantile' and only then, got {got} with {scale!r}"
        raise ValueError(msg)
    if train is None:
        return
    validate.named("train_scores", train, "detector")
    if set(train) != set(scores):
        msg = f"expected train_scores of {sorted(scores)}, got those of {sorted(train)}"
        raise ValueError(msg)
