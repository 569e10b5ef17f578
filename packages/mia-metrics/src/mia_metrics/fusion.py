"""Fusion of the scores, or maps, of several detectors for the same images."""

from collections.abc import Callable, Mapping
from functools import reduce

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mia_metrics import validate
from mia_metrics.validate import Floats

SCALES = ("rank", "quantile", "none")
"""Names of the common scales that `fuse` can put scores on."""

COMBINE: dict[str, Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]] = {
    "mean": np.add,
    "maximum": np.maximum,
}
"""Operation of each rule of `fuse` on two detectors' scaled scores; `mean` divides in the end."""


def fuse(
    scores: Mapping[str, ArrayLike],
    *,
    scale: str = "rank",
    combine: str = "mean",
    train_scores: Mapping[str, ArrayLike] | None = None,
) -> NDArray[np.float64]:
    """Fuse the scores or maps of several detectors into one score or map.

    Each detector's scores are first put on a common scale, then combined. Equal scores of a
    detector stay equal. Maps are scaled over all pixels of the set.

    Args:
        scores: for each detector its scores (N,) or maps (N, H, W), all of the same shape.
        scale: `rank` (`rank_scale`, which uses the test set itself), `quantile` (`quantile_scale`,
            which uses scores of normal training images, so an image can be scored alone) or `none`
            (as they are).
        combine: `mean` or `maximum`.
        train_scores: for each detector scores or maps of normal images; for `quantile` only.

    Returns:
        The fused scores, of the same shape.

    Raises:
        ValueError: no detector, different shapes, NaN or infinity, an unknown scale or combination,
            `train_scores` missing, of other detectors, or given without `quantile`.

    Paper: Kittler et al., IEEE TPAMI 20, 1998, https://doi.org/10.1109/34.667881

    Examples:
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
    """Replace scores by their ranks, scaled to (0, 1).

    A score becomes (rank - 1/2) / size; ties get their average rank.

    Args:
        scores: finite scores or maps, of any shape.

    Returns:
        The scaled ranks, of the same shape.

    Raises:
        ValueError: NaN or infinity, empty input.

    Paper: Kittler et al., IEEE TPAMI 20, 1998, https://doi.org/10.1109/34.667881

    Examples:
        >>> rank_scale([3.0, 1.0, 1.0, 9.0]).tolist()
        [0.625, 0.25, 0.25, 0.875]
    """
    values = validate.as_scores("scores", scores, None)
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - counts / 2.0
    return (middle / values.size)[inverse.reshape(values.shape)]


def quantile_scale(train_scores: ArrayLike, scores: ArrayLike) -> NDArray[np.float64]:
    """Replace scores by their quantile levels among the scores of normal training images.

    A score equal to a training score gets the level (number of training scores below + half of
    those equal + 1/2) / (N + 1); between training scores the level is interpolated linearly. Beyond
    them the distance of the level to 0 or 1 shrinks by 1 / (1 + u), where u is the distance of the
    score in units of the training scores' interquartile range (of their range, if that is 0; of 1,
    if that is 0 too), so images more abnormal than every training image keep their order.

    Args:
        train_scores: scores or maps of normal images, of any shape.
        scores: scores or maps to scale, of any shape.

    Returns:
        The levels, in (0, 1), of the shape of `scores`.

    Raises:
        ValueError: NaN or infinity, empty input.

    Paper: Kriegel et al., SIAM SDM 2011, https://doi.org/10.1137/1.9781611972818.2

    Examples:
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
    """Return the interquartile range; if that is 0, the range; if that is 0 too, 1."""
    low, high = np.quantile(train, [0.25, 0.75])
    for spread in (high - low, train.max() - train.min()):
        if spread > 0.0:
            return float(spread)
    return 1.0


def _check_train(
    scores: Mapping[str, ArrayLike], train: Mapping[str, ArrayLike] | None, scale: str
) -> None:
    """Raise ValueError unless there are training scores exactly where the scale needs them."""
    if (train is not None) != (scale == "quantile"):
        got = "train_scores" if train is not None else "no train_scores"
        msg = f"expected train_scores if and only if scale is 'quantile', got {got} with {scale!r}"
        raise ValueError(msg)
    if train is None:
        return
    validate.named("train_scores", train, "detector")
    if set(train) != set(scores):
        msg = f"expected train_scores of {sorted(scores)}, got those of {sorted(train)}"
        raise ValueError(msg)
