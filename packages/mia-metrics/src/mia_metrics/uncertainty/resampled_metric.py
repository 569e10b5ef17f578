"""Metrics of resampled images: named metrics from counts, other functions by calling them.

A resample changes only how often each image counts, never the order of the scores. So a named
metric sorts once: for image scores, a resample is a count for each distinct score, and many
resamples are ranked at once; for maps, it is a weight for each image, summed along the ranking of
the pixels.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mia_metrics import validate
from mia_metrics.image import FORMULAS
from mia_metrics.pixel import PIXEL_FORMULAS
from mia_metrics.ranking import Ranking
from mia_metrics.uncertainty.pixel_counts import PixelCounts
from mia_metrics.uncertainty.resample import Evaluator, Indices, Strata, Values, tally
from mia_metrics.validate import Bools, Floats

Metric = str | Callable[[Any, Any], float]
"""Name of a metric, or a function of (truth, scores)."""


def checked(
    metric: Metric, truth: ArrayLike, scores: Sequence[tuple[str, ArrayLike]]
) -> tuple[Bools, list[Floats]]:
    """Check the metric, the truth, and the scores of one or more detectors.

    Args:
        metric: a name or a function.
        truth: labels (N,) or masks (N, H, W).
        scores: names and scores of the same shape, or with one more axis in front, for several
            training runs.

    Returns:
        The truth as booleans, and the scores.

    Raises:
        ValueError: an unknown metric; a shape that the named metric does not take; invalid truth or
            scores.
    """
    if callable(metric):
        ndim = validate.as_array("truth", truth, None).ndim
        if ndim not in (1, 3):
            msg = f"expected truth of shape (N,) or (N, H, W), got {ndim} dimensions"
            raise ValueError(msg)
    else:
        validate.one_of("metric", metric, [*FORMULAS, *PIXEL_FORMULAS])
        ndim = 1 if metric in FORMULAS else 3
    known = validate.as_binary("truth", truth, ndim)
    validate.both_classes("truth", known)
    return known, [_matching(name, value, known) for name, value in scores]


def _matching(name: str, value: ArrayLike, truth: Bools) -> Floats:
    """Check scores of the shape of `truth`, or those of several training runs in one array."""
    several = validate.as_array(name, value, None).ndim == truth.ndim + 1
    array = validate.as_scores(name, value, None if several else truth.ndim)
    validate.same_shape(
        "truth", truth, f"{name}[0]" if several else name, array[0] if several else array
    )
    return array


def bounds(metric: Metric) -> tuple[float, float]:
    """Return the smallest and the largest value that a metric can have."""
    return (-np.inf, np.inf) if callable(metric) else (0.0, 1.0)


def difference_bounds(metric: Metric) -> tuple[float, float]:
    """Return the smallest and the largest difference of two values of a metric."""
    low, high = bounds(metric)
    return low - high, high - low


def evaluators(metric: Metric, parts: Strata, truth: Bools, scores: Floats) -> list[Evaluator]:
    """Prepare a metric for resampling, one evaluator for each training run."""
    several = scores if scores.ndim > truth.ndim else scores[None]
    return [evaluator(metric, parts, truth, values) for values in several]


def mean_of(evaluators: Sequence[Evaluator]) -> Evaluator:
    """Combine evaluators into one that returns their mean in each resample."""

    def evaluate(normal: Indices, abnormal: Indices) -> Values:
        return np.mean([each(normal, abnormal) for each in evaluators], axis=0)

    return evaluate


def evaluator(metric: Metric, parts: Strata, truth: Bools, scores: Floats) -> Evaluator:
    """Prepare a metric of checked truth, and scores of its shape, for any number of resamples."""
    if callable(metric):
        return _plain_function(metric, parts, truth, scores)
    if metric in FORMULAS:
        return _image_formula(metric, parts, scores)
    return _pixel_formula(metric, parts, truth, scores)


def _image_formula(metric: str, parts: Strata, scores: Floats) -> Evaluator:
    """Prepare a named image-level metric: count the draws of each distinct score."""
    distinct, inverse = np.unique(scores, return_inverse=True)
    thresholds = distinct[::-1]
    group = distinct.size - 1 - inverse.reshape(scores.shape)  # counted from the highest score
    normal_group, abnormal_group = group[parts.normal], group[parts.abnormal]

    def evaluate(normal: Indices, abnormal: Indices) -> Values:
        misses = tally(normal_group[normal], distinct.size)
        hits = tally(abnormal_group[abnormal], distinct.size)
        tp, fp = np.cumsum(hits, axis=-1), np.cumsum(misses, axis=-1)
        sizes = abnormal.shape[1], normal.shape[1]
        return FORMULAS[metric](Ranking(thresholds, hits, tp, fp - misses, fp, *sizes))

    return evaluate


def _pixel_formula(metric: str, parts: Strata, truth: Bools, maps: Floats) -> Evaluator:
    """Prepare a named pixel-level metric: weight the ranked pixels by their images' draws."""
    counts = PixelCounts(truth, maps)

    def evaluate(normal: Indices, abnormal: Indices) -> Values:
        drawn = np.concatenate((parts.normal[normal], parts.abnormal[abnormal]), axis=1)
        rows = (counts.weighted(np.bincount(row, minlength=len(maps))) for row in drawn)
        return np.array([PIXEL_FORMULAS[metric](*row) for row in rows])

    return evaluate


def _plain_function(
    metric: Callable[[Any, Any], float], parts: Strata, truth: Bools, scores: Floats
) -> Evaluator:
    """Prepare a function as a metric: call it on the images of every resample."""

    def call(images: Indices) -> float:
        value = float(metric(truth[images], scores[images]))
        if not np.isfinite(value):
            name = getattr(metric, "__name__", repr(metric))
            msg = f"expected metric {name} to return a finite number, got {value}"
            raise ValueError(msg)
        return value

    def evaluate(normal: Indices, abnormal: Indices) -> Values:
        drawn = np.concatenate((parts.normal[normal], parts.abnormal[abnormal]), axis=1)
        return np.array([call(row) for row in drawn])

    return evaluate
