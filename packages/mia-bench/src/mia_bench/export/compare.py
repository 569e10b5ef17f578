"""Comparison of an exported graph in onnxruntime with its model in PyTorch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mia_bench.errors import RunsFailedError
from mia_bench.export.graph import FLAG, INPUT, MAP, QUANTILE, SCORE
from mia_bench.inference.normal_scores import LEVELS, predict_checked

if TYPE_CHECKING:
    from pathlib import Path

    from mia_bench.detectors.protocol import Detector
    from mia_bench.inference.normal_scores import NormalScores

TOLERANCE = 1e-4  # of scores
# Of single pixels: SSIM divides differences of squares, which rounds away three digits more.
MAP_TOLERANCE = 1e-3
BATCHES = (1, 3)  # images at a time, besides all of them


class Differences(NamedTuple):
    """Largest differences between a graph and its model, as shares of their scale.

    The scale is that of the normal images: see ``relative``.

    Attributes:
        score: Of the scores.
        map: Of the maps; None where the model has none.
        images: Number of images that were compared.
    """

    score: float
    map: float | None
    images: int


def compare(
    path: Path,
    detector: Detector,
    images: np.ndarray,
    normal_scores: NormalScores,
    threshold: float,
) -> Differences:
    """Score images with a graph, in batches of several sizes, and with its model.

    Args:
        path: The graph's file.
        detector: The model.
        images: uint8 (N, C, S, S).
        normal_scores: Scores of normal images, which give the scale.
        threshold: The score from which on an image is flagged.

    Raises:
        RunsFailedError: Scores differ by more than ``TOLERANCE`` of their scale or maps by more
            than ``MAP_TOLERANCE``, or quantiles and flags are not those of the graph's scores.
    """
    import onnxruntime  # type: ignore[import-untyped]

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors alone
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    scores, maps = predict_checked(detector, images, device="cpu")
    worst_score = worst_map = 0.0
    for size in sorted({min(each, len(images)) for each in (*BATCHES, len(images))}):
        found = _run(session, images, size)
        _check_shape("scores", found[SCORE], scores)
        worst_score = max(worst_score, relative(found[SCORE], scores, normal_scores.scores))
        _check_close("scores", worst_score, TOLERANCE)
        _check_meaning(found, normal_scores, threshold)
        if maps is not None:
            _check_shape("maps", found[MAP], maps)
            pixels = np.array([normal_scores.pixels[level] for level in LEVELS])
            worst_map = max(worst_map, relative(found[MAP], maps, pixels))
            _check_close("maps", worst_map, MAP_TOLERANCE)
    return Differences(worst_score, None if maps is None else worst_map, len(images))


def relative(found: np.ndarray, expected: np.ndarray, normal: np.ndarray) -> float:
    """Return the largest difference, as a share of the scale that it has to be seen on.

    The scale of a score is its distance from the median of the normal ones, and at least their
    range. It does not change when scores are shifted or multiplied, as a fixed bound would ask for
    six digits of one method and for none of another. A range below a tenth of the median counts as
    that much: float32 rounds sums of many values by some millionths, whatever computes them.

    Args:
        found: Values (N, ...).
        expected: The values that they should be.
        normal: Values of normal images.
    """
    median, span = float(np.median(normal)), float(np.ptp(normal))
    least = max(span, abs(median) / 10, float(np.finfo(np.float32).tiny))
    scale = np.maximum(np.abs(expected.astype(np.float64) - median), least)
    return float((np.abs(found.astype(np.float64) - expected) / scale).max())


def _run(session: Any, images: np.ndarray, size: int) -> dict[str, np.ndarray]:
    """Return the graph's outputs of all images, some at a time."""
    names = [each.name for each in session.get_outputs()]
    starts = range(0, len(images), size)
    runs = [session.run(names, {INPUT: images[start : start + size]}) for start in starts]
    return {name: np.concatenate([run[n] for run in runs]) for n, name in enumerate(names)}


def _check_shape(what: str, found: np.ndarray, expected: np.ndarray) -> None:
    if found.shape != expected.shape:
        msg = f"the exported graph is refused: expected {what} {expected.shape}, got {found.shape}"
        raise RunsFailedError(msg)


def _check_close(what: str, difference: float, most: float) -> None:
    if not difference <= most:
        msg = f"the exported graph is refused: in onnxruntime its {what} differ from PyTorch's "
        msg += f"by {difference:.2g} of their scale, expected at most {most:.0e}"
        raise RunsFailedError(msg)


def _check_meaning(found: dict[str, np.ndarray], normal: NormalScores, threshold: float) -> None:
    """Check that quantiles and flags are those of the graph's own scores."""
    score = found[SCORE]
    flags = score >= np.float32(threshold)
    is_right = np.array_equal(found[FLAG], flags)
    if not is_right or not np.allclose(found[QUANTILE], normal.quantile(score), atol=1e-6):
        msg = "the exported graph is refused: its quantiles or flags do not follow from its scores"
        raise RunsFailedError(msg)
