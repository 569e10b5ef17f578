"""Stratified bootstrap resamples and leave-one-out values of a metric.

Normal and abnormal images are drawn apart, so every resample has as many of each as the set. A
metric that is named in `FORMULAS` is computed for many resamples at once: a resample is a count of
draws for each distinct score, and its ranking the cumulative sum of these. Any other metric is a
function that is called on the images drawn.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mia_metrics import validate
from mia_metrics.image import FORMULAS
from mia_metrics.pixel import PIXEL_FORMULAS
from mia_metrics.ranking import Ranking
from mia_metrics.validate import Bools, Floats

Metric = str | Callable[[Any, Any], float]
Indices = NDArray[np.intp]

_CHUNK = 2**20  # counts held at once: 8 MB an array


class Strata(NamedTuple):
    """Indices of the normal and of the abnormal images."""

    normal: Indices
    abnormal: Indices


class Groups(NamedTuple):
    """Number of the distinct score, from the highest, of each image of a stratum."""

    normal: Indices
    abnormal: Indices
    scores: Floats  # the distinct scores, falling


def strata(truth: Bools) -> Strata:
    """Part images by their label (N,), or by whether their mask (N, H, W) holds a lesion."""
    abnormal = truth.reshape(len(truth), -1).any(axis=1)
    return Strata(np.flatnonzero(~abnormal), np.flatnonzero(abnormal))


def resolve(metric: Metric) -> Metric:
    """Return a name in `FORMULAS` as it is, and any other metric as a function.

    Raises:
        ValueError: an unknown name.
    """
    if callable(metric):
        return metric
    validate.one_of("metric", metric, [*FORMULAS, *PIXEL_FORMULAS])
    return metric if metric in FORMULAS else PIXEL_FORMULAS[metric]


def checked(
    metric: Metric, truth: Any, scores: Sequence[tuple[str, Any]]
) -> tuple[Bools, list[Any]]:
    """Check truth (N,) or (N, H, W) and named scores of its shape; image formulas need (N,)."""
    ndim = 1 if isinstance(metric, str) else validate.as_array("truth", truth, None).ndim
    if ndim not in (1, 3):
        msg = f"expected truth of shape (N,) or (N, H, W), got {ndim} dimensions"
        raise ValueError(msg)
    known = validate.as_binary("truth", truth, ndim)
    validate.both_classes("truth", known)
    arrays = [validate.as_scores(name, value, ndim) for name, value in scores]
    for (name, _), array in zip(scores, arrays, strict=True):
        validate.same_shape("truth", known, name, array)
    return known, arrays


def evaluate(metric: Metric, truth: Bools, scores: Floats) -> float:
    """Return the metric of the images as they are."""
    if not isinstance(metric, str):
        return _call(metric, truth, scores)
    groups = _groups(strata(truth), scores)
    return float(FORMULAS[metric](_ranking(groups, groups.normal[None], groups.abnormal[None]))[0])


def bootstrap_values(
    metric: Metric, truth: Bools, scores: Sequence[Floats], *, n_resamples: int, seed: int
) -> NDArray[np.float64]:
    """Metric of every method's scores in every resample, (methods, n_resamples).

    All methods are judged on the same resamples. The draws depend on the seed and the number of
    images of each stratum only, so a formula and a function see the same ones.
    """
    parts = strata(truth)
    values = np.empty((len(scores), n_resamples))
    if isinstance(metric, str):
        groups = [_groups(parts, method) for method in scores]
        rows = max(1, _CHUNK // truth.size)
        for start, normal, abnormal in _draws(parts, n_resamples, seed, rows):
            for out, group in zip(values, groups, strict=True):
                ranking = _ranking(group, group.normal[normal], group.abnormal[abnormal])
                out[start : start + len(normal)] = FORMULAS[metric](ranking)
        return values
    for start, normal, abnormal in _draws(parts, n_resamples, seed, 1):
        drawn = np.concatenate((parts.normal[normal[0]], parts.abnormal[abnormal[0]]))
        for out, method in zip(values, scores, strict=True):
            out[start] = _call(metric, truth[drawn], method[drawn])
    return values


def leave_one_out(
    metric: Metric, truth: Bools, scores: Floats
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Metric without each normal image, (N0,), and without each abnormal one, (N1,).

    Raises:
        ValueError: a stratum of one image, which nothing is left of.
    """
    parts = strata(truth)
    if 1 in map(len, parts):
        counts = f"{parts.normal.size} and {parts.abnormal.size}"
        msg = f"expected at least 2 normal and 2 abnormal images to leave one out, got {counts}"
        raise ValueError(msg)
    if not isinstance(metric, str):
        keep = np.arange(len(truth))
        left = [np.delete(keep, image) for image in range(len(truth))]
        values = np.array([_call(metric, truth[images], scores[images]) for images in left])
        return values[parts.normal], values[parts.abnormal]
    groups = _groups(parts, scores)
    return _without(metric, groups, "normal"), _without(metric, groups, "abnormal")


def _without(metric: str, groups: Groups, stratum: str) -> NDArray[np.float64]:
    """Formula without each image of one stratum; images of equal score share the computation."""
    size = groups.scores.size
    counts = {name: np.bincount(getattr(groups, name), minlength=size) for name in Strata._fields}
    kinds = np.flatnonzero(counts[stratum])
    values = np.empty(size)
    rows = max(1, _CHUNK // size)
    for start in range(0, kinds.size, rows):
        some = kinds[start : start + rows]
        one = np.zeros((some.size, size), np.int64)
        one[np.arange(some.size), some] = 1
        tables = {name: count - one * (name == stratum) for name, count in counts.items()}
        values[some] = FORMULAS[metric](_from_counts(groups.scores, **tables))
    return values[getattr(groups, stratum)]


def _draws(
    parts: Strata, n_resamples: int, seed: int, rows: int
) -> Iterator[tuple[int, Indices, Indices]]:
    """Yield each chunk's first resample, and the positions drawn in both strata, (rows, n)."""
    generators = [np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(2)]
    for start in range(0, n_resamples, rows):
        count = min(rows, n_resamples - start)
        normal, abnormal = (
            # high >= 1 because an empty stratum draws nothing, but integers() refuses a range of 0
            generator.integers(0, max(part.size, 1), size=(count, part.size))
            for generator, part in zip(generators, parts, strict=True)
        )
        yield start, normal, abnormal


def _groups(parts: Strata, scores: Floats) -> Groups:
    distinct, inverse = np.unique(scores, return_inverse=True)
    from_highest = distinct.size - 1 - inverse.reshape(scores.shape)
    return Groups(from_highest[parts.normal], from_highest[parts.abnormal], distinct[::-1])


def _ranking(groups: Groups, normal: Indices, abnormal: Indices) -> Ranking:
    """Rankings of resamples, from the groups (B, N0) and (B, N1) that they drew."""
    size = groups.scores.size
    return _from_counts(groups.scores, _tally(normal, size), _tally(abnormal, size))


def _tally(drawn: Indices, size: int) -> NDArray[np.int64]:
    """Count the draws of each group in each row, (B, size)."""
    rows = np.arange(len(drawn))[:, None] * size
    return np.bincount((drawn + rows).ravel(), minlength=len(drawn) * size).reshape(-1, size)


def _from_counts(
    thresholds: Floats, normal: NDArray[np.int64], abnormal: NDArray[np.int64]
) -> Ranking:
    tp, fp = np.cumsum(abnormal, axis=-1), np.cumsum(normal, axis=-1)
    return Ranking(
        thresholds=thresholds,
        hits=abnormal,
        tp=tp,
        above=fp - normal,
        fp=fp,
        positives=int(tp.flat[-1]),
        negatives=int(fp.flat[-1]),
    )


def _call(metric: Callable[[Any, Any], float], truth: Bools, scores: Floats) -> float:
    value = float(metric(truth, scores))
    if not np.isfinite(value):
        name = getattr(metric, "__name__", repr(metric))
        msg = f"expected metric {name} to return a finite number, got {value}"
        raise ValueError(msg)
    return value
