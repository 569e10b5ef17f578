"""Metrics of resampled images: named metrics from counts, other functions by calling them.

A resample changes only how often each image counts, never the order of the scores. So a named
metric sorts once: for image scores, the images' counts are summed along the ranking, many resamples
at once; for maps, they are weights, summed along the ranking of the pixels.
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
from mia_metrics.uncertainty.resample import Evaluator, Indices, Resamples, Strata, Values
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

    def evaluate(drawn: Resamples) -> Values:
        return np.mean([each(drawn) for each in evaluators], axis=0)

    return evaluate


def evaluator(metric: Metric, parts: Strata, truth: Bools, scores: Floats) -> Evaluator:
    """Prepare a metric of checked truth, and scores of its shape, for any number of resamples."""
    if callable(metric):
        return _plain_function(metric, truth, scores)
    if metric in FORMULAS:
        return _image_formula(metric, parts, scores)
    return _pixel_formula(metric, truth, scores)


def _image_formula(metric: str, parts: Strata, scores: Floats) -> Evaluator:
    """Prepare a named image-level metric: sum the counts of the images along their ranking.

    As in `ranking.py`, only the distinct scores of the abnormal images are thresholds.
    """
    normal, abnormal = scores[parts.normal], scores[parts.abnormal]
    normal_order, abnormal_order = (np.argsort(each)[::-1] for each in (normal, abnormal))
    falling = abnormal[abnormal_order]
    groups = np.flatnonzero(np.concatenate(([True], falling[1:] != falling[:-1])))
    thresholds, rising = falling[groups], normal[normal_order][::-1]
    above = normal.size - np.searchsorted(rising, thresholds, side="right")
    at_or_above = normal.size - np.searchsorted(rising, thresholds, side="left")

    def evaluate(drawn: Resamples) -> Values:
        counts = drawn.counts
        hits = counts.abnormal[abnormal_order]
        if groups.size < hits.shape[0]:  # equal scores are flagged together
            hits = np.add.reduceat(hits, groups, axis=0)
        misses = np.zeros((normal.size + 1, hits.shape[1]), np.int64)
        np.cumsum(counts.normal[normal_order], axis=0, out=misses[1:])
        ranking = Ranking(
            thresholds=thresholds,
            hits=hits.T,
            tp=hits.cumsum(axis=0).T,
            above=misses[above].T,
            fp=misses[at_or_above].T,
            positives=drawn.abnormal.shape[1],
            negatives=drawn.normal.shape[1],
        )
        return FORMULAS[metric](ranking)

    return evaluate


def _pixel_formula(metric: str, truth: Bools, maps: Floats) -> Evaluator:
    """Prepare a named pixel-level metric: weight the ranked pixels by their images' draws."""
    counts = PixelCounts(truth, maps)

    def evaluate(drawn: Resamples) -> Values:
        rows = (counts.weighted(np.bincount(row, minlength=len(maps))) for row in drawn.images)
        return np.array([PIXEL_FORMULAS[metric](*row) for row in rows])

    return evaluate


def _plain_function(metric: Callable[[Any, Any], float], truth: Bools, scores: Floats) -> Evaluator:
    """Prepare a function as a metric: call it on the images of every resample."""

    def call(images: Indices) -> float:
        value = float(metric(truth[images], scores[images]))
        if not np.isfinite(value):
            name = getattr(metric, "__name__", repr(metric))
            msg = f"expected metric {name} to return a finite number, got {value}"
            raise ValueError(msg)
        return value

    def evaluate(drawn: Resamples) -> Values:
        return np.array([call(row) for row in drawn.images])

    return evaluate
