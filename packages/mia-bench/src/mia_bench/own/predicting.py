"""Scores of a detector of any package, checked at the border."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mia_bench.errors import RunsFailedError

if TYPE_CHECKING:
    from mia_bench.contract import Detector


def predict(
    detector: Detector, images: np.ndarray, *, device: str
) -> tuple[np.ndarray, np.ndarray | None]:
    """Scores float32 (N,) and maps float32 (N, H, W) or None, of uint8 images (N, C, H, W).

    Raises:
        RunsFailedError: The device ran out of memory, or scores or maps that are not finite or not
            of these shapes.
    """
    try:
        prediction = detector.predict(images, batch_size=len(images), device=device)
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
