"""Scores of normal images from models that were not trained on them, where there are any."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mia_bench.inference.normal_images import take_images
from mia_bench.inference.normal_scores import NormalScorer, Origin, measure_normal_scores
from mia_bench.inference.normal_split import CROSS_VALIDATED

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from mia_bench.detectors.protocol import Detector
    from mia_bench.inference.normal_images import NormalImages
    from mia_bench.inference.normal_scores import NormalScores


def cross_validate(
    normals: NormalImages,
    fit: Callable[[Any], Detector],
    *,
    device: str,
    on_fold: Callable[[int, int], object] | None = None,
) -> NormalScores | None:
    """Score each image with a model of the other parts; None where the split is another one.

    Args:
        normals: The images and their split.
        fit: Fits a new detector to images.
        device: See ``Detector.predict``.
        on_fold: Called with the number of parts that are done, and of all.

    Paper: Vovk, Annals of Mathematics and Artificial Intelligence 74, 2015,
    https://doi.org/10.1007/s10472-013-9368-4 (cross-conformal prediction)
    """
    split, images = normals.split, normals.whole.images
    if split is None or split.rule != CROSS_VALIDATED:
        return None
    scorer = NormalScorer(images, device=device)
    count = int(split.parts.max()) + 1
    for part in range(count):
        detector = fit(take_images(images, np.flatnonzero(split.parts != part)))
        scorer.score(detector, np.flatnonzero(split.parts == part))
        if on_fold is not None:
            on_fold(part + 1, count)
    return scorer.result(Origin.CROSS_VALIDATED)


def score_normals(detector: Detector, normals: NormalImages, *, device: str) -> NormalScores:
    """Score the images that the detector was not trained on, or if there is none all of them."""
    if normals.calibration is not None:
        images = normals.calibration.images
        return measure_normal_scores(detector, images, origin=Origin.CALIBRATION, device=device)
    images, split = normals.whole.images, normals.split
    if split is None:
        return measure_normal_scores(detector, images, origin=Origin.TRAINING, device=device)
    return measure_normal_scores(
        detector, images, split.held_out, origin=Origin.HELD_OUT, device=device
    )
