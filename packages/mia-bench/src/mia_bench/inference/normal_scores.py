"""Scores and map pixels of normal images, which give thresholds and colors."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

import mia_metrics
import numpy as np

from mia_bench.detectors.optional import OptionalParts
from mia_bench.errors import RunsFailedError, StudyError

if TYPE_CHECKING:
    from mia_bench.detectors.protocol import Detector

FPR = 0.05  # false-positive rate by default
CHUNK = 256  # images scored at a time
MAX_PIXELS = 1 << 24  # of the maps, for their quantiles
LEVELS = (0.0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999, 0.9999, 1.0)


class Origin(str, Enum):
    """The normal images whose scores are known; the value names them in tables and on pages.

    ``TRAINING`` are those that the model was trained on, and ``CALIBRATION`` those of a folder of
    their own. ``HELD_OUT`` were set aside before the training, and ``CROSS_VALIDATED`` are scored
    by models that were trained on the others.
    """

    TRAINING = "training images"
    CALIBRATION = "calibration images"
    HELD_OUT = "held-out images"
    CROSS_VALIDATED = "cross-validated images"


@dataclass(frozen=True, kw_only=True)
class NormalScores:
    """Scores and map pixels of normal images.

    Attributes:
        origin: The images.
        scores: float32 (N,), rising.
        pixels: Quantile -> value of the maps' pixels; empty where the method has no map.
    """

    origin: Origin
    scores: np.ndarray
    pixels: dict[float, float] = field(default_factory=dict)

    @property
    def held_out(self) -> bool:
        """True if no image was scored by a model that was trained on it."""
        return self.origin is not Origin.TRAINING

    @property
    def name(self) -> str:
        """Name of the images in tables and on pages."""
        return self.origin.value

    def quantile(self, scores: np.ndarray) -> np.ndarray:
        """Return the share of the normal images that score no higher: (N,) in [0, 1]."""
        return np.searchsorted(self.scores, scores, side="right") / len(self.scores)

    def threshold(self, fpr: float) -> float:
        """Return the score from which on an image is flagged, at this share of normal images.

        For held-out images a new normal image is flagged with at most that probability.

        Raises:
            StudyError: A share outside (0, 1), or too few images for it.
        """
        if not 0 < fpr < 1:
            msg = f"expected the false-positive rate fpr to be between 0 and 1, got {fpr}"
            raise StudyError(msg)
        try:
            return mia_metrics.normal_threshold(
                self.scores, quantile=1 - fpr, conformal=self.held_out
            )
        except ValueError as error:
            msg = (
                f"the model's {len(self.scores)} {self.name} are too few for a false-positive "
                f"rate of {fpr}; expected fpr to be at least {1 / (len(self.scores) + 1):.3g}"
            )
            raise StudyError(msg) from error

    def summary(self) -> dict[str, Any]:
        """Return quantiles of the scores and pixels as JSON values."""
        quantiles = np.quantile(self.scores, LEVELS).tolist()
        return {
            "images": len(self.scores),
            "held_out": self.held_out,
            "origin": self.origin.value,
            "score_quantiles": dict(zip(map(str, LEVELS), quantiles, strict=True)),
            "pixel_quantiles": {str(level): value for level, value in self.pixels.items()},
        }


class NormalScorer:
    """Collects the scores of normal images, a chunk at a time, from one detector or several.

    Args:
        images: uint8 (N, C, H, W).
        count: Number of images that will be scored; None for all.
        device: See ``Detector.predict``.
    """

    def __init__(self, images: np.ndarray, count: int | None = None, *, device: str) -> None:
        self._images = images
        self._device = device
        self._scores: list[np.ndarray] = []
        self._maps: list[np.ndarray] = []
        self._done = 0
        pixels = (len(images) if count is None else count) * images.shape[2] * images.shape[3]
        # Evenly spread images are enough for quantiles of millions of pixels.
        self._every = -(-pixels // MAX_PIXELS)

    def score(self, detector: Detector, indices: np.ndarray) -> None:
        """Score the images at these indices.

        Raises:
            RunsFailedError: The detector gives scores that are not finite, or the device ran out of
                memory.
        """
        for start in range(0, len(indices), CHUNK):
            part = np.asarray(self._images[indices[start : start + CHUNK]])
            found, heat = predict_checked(detector, part, device=self._device)
            self._scores.append(found)
            if heat is not None:
                self._maps.append(heat[(-self._done) % self._every :: self._every])
            self._done += len(part)

    def result(self, origin: Origin) -> NormalScores:
        """Return all scores, and the quantiles of the maps' pixels."""
        pixels: dict[float, float] = {}
        if self._maps:
            values = np.quantile(np.concatenate(self._maps), LEVELS).tolist()
            pixels = dict(zip(LEVELS, values, strict=True))
        scores = np.sort(np.concatenate(self._scores))
        return NormalScores(origin=origin, scores=scores, pixels=pixels)


def measure_normal_scores(
    detector: Detector,
    images: np.ndarray,
    indices: np.ndarray | None = None,
    *,
    origin: Origin,
    device: str,
) -> NormalScores:
    """Score normal images, uint8 (N, C, H, W), or those at some indices, with one detector.

    Raises:
        RunsFailedError: The detector gives scores that are not finite, or the device ran out of
            memory.
    """
    chosen = np.arange(len(images)) if indices is None else indices
    scorer = NormalScorer(images, len(chosen), device=device)
    scorer.score(detector, chosen)
    return scorer.result(origin)


def predict_checked(
    detector: Detector, images: np.ndarray, *, device: str, batch_size: int | None = None
) -> tuple[np.ndarray, np.ndarray | None]:
    """Score uint8 images (N, C, H, W): scores float32 (N,), and maps float32 (N, H, W) or None.

    Args:
        detector: Scores the images.
        images: The images.
        device: See ``Detector.predict``.
        batch_size: Images that the detector scores at a time; None for what it chooses itself.

    Raises:
        RunsFailedError: The device ran out of memory, or scores or maps that are not finite or not
            of these shapes.
    """
    batch = OptionalParts(detector).batch_size(batch_size)
    try:
        prediction = detector.predict(images, **batch, device=device)
    except RuntimeError as error:
        msg = f"scoring {len(images)} images on {device} failed: {error}"
        raise RunsFailedError(msg) from error
    count, _, height, width = images.shape
    scores = _checked("scores", prediction.score, (count,))
    if prediction.map is None:
        return scores, None
    return scores, _checked("maps", prediction.map, (count, height, width))


def _checked(what: str, values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    values = np.asarray(values, np.float32)
    if values.shape != shape or not np.isfinite(values).all():
        finite = "" if np.isfinite(values).all() else " with NaN or infinite values"
        msg = f"expected the detector to give finite {what} {shape}, got {values.shape}{finite}"
        raise RunsFailedError(msg)
    return values
