"""What a metric makes of resampled images: named ones from counts, any other by calling it.

A resample only changes how often each image counts, never the order of the scores. So a named
metric sorts once: of images, a resample is a count for each distinct score, and many resamples are
ranked at once; of maps, it is a weight for each image, added up along the ranking of the pixels.
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


def checked(
    metric: Metric, truth: ArrayLike, scores: Sequence[tuple[str, ArrayLike]]
) -> tuple[Bools, list[Floats]]:
    """Check the metric, truth (N,) or (N, H, W), and named scores of the same shape.

    Scores may have one more axis in front, for several trainings.

    Raises:
        ValueError: an unknown name of a metric; a shape that the named metric does not take; bad
            truth or scores.
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
    """Check scores of the shape of `truth`, or several trainings' in one array."""
    several = validate.as_array(name, value, None).ndim == truth.ndim + 1
    array = validate.as_scores(name, value, None if several else truth.ndim)
    validate.same_shape(
        "truth", truth, f"{name}[0]" if several else name, array[0] if several else array
    )
    return array


def bounds(metric: Metric) -> tuple[float, float]:
    """The least and the greatest value that a metric can have."""
    return (-np.inf, np.inf) if callable(metric) else (0.0, 1.0)


def difference_bounds(metric: Metric) -> tuple[float, float]:
    """The least and the greatest difference of two values of a metric."""
    low, high = bounds(metric)
    return low - high, high - low


def evaluators(metric: Metric, parts: Strata, truth: Bools, scores: Floats) -> list[Evaluator]:
    """Prepare a metric of checked truth and scores, one evaluator for each training."""
    several = scores if scores.ndim > truth.ndim else scores[None]
    return [evaluator(metric, parts, truth, values) for values in several]


def mean_of(evaluators: Sequence[Evaluator]) -> Evaluator:
    """The mean of several evaluators in each resample."""

    def evaluate(normal: Indices, abnormal: Indices) -> Values:
        return np.mean([each(normal, abnormal) for each in evaluators], axis=0)

    return evaluate


def evaluator(metric: Metric, parts: Strata, truth: Bools, scores: Floats) -> Evaluator:
    """Prepare a metric of checked truth and scores of its shape for any number of resamples."""
    if callable(metric):
        return _called(metric, parts, truth, scores)
    if metric in FORMULAS:
        return _image_formula(metric, parts, scores)
    return _pixel_formula(metric, parts, truth, scores)


def _image_formula(metric: str, parts: Strata, scores: Floats) -> Evaluator:
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
    counts = PixelCounts(truth, maps)

    def evaluate(normal: Indices, abnormal: Indices) -> Values:
        drawn = np.concatenate((parts.normal[normal], parts.abnormal[abnormal]), axis=1)
        rows = (counts.weighted(np.bincount(row, minlength=len(maps))) for row in drawn)
        return np.array([PIXEL_FORMULAS[metric](*row) for row in rows])

    return evaluate


def _called(
    metric: Callable[[Any, Any], float], parts: Strata, truth: Bools, scores: Floats
) -> Evaluator:
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
