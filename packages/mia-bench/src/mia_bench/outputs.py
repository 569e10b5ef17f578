"""A test set's prediction: what it measures and the files that it leaves in a run's folder."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import mia_metrics

from mia_bench import gallery
from mia_bench.files import write_array
from mia_bench.leaderboard import METRICS, PIXEL_METRICS

if TYPE_CHECKING:
    from collections.abc import Collection

    from mia_data import ImageSet

    from mia_bench.contract import Prediction
    from mia_bench.runfolder import RunFolder


def measure(
    test: ImageSet, prediction: Prediction, wanted: Collection[str] = METRICS
) -> tuple[dict[str, float | None], dict[str, list[float]]]:
    """The metrics, and bootstrap intervals over the test images of the image-level ones.

    Image-level metrics take no time and methods are ranked by them, so they are always there; of
    the pixel-level ones, where there are maps and masks, those that are wanted.
    """
    metrics = mia_metrics.image_metrics(test.labels, prediction.score)
    pixels = [name for name in wanted if name in PIXEL_METRICS]
    if pixels and prediction.map is not None and test.masks is not None:
        found = mia_metrics.pixel_metrics(test.masks, prediction.map, aupro="aupro" in pixels)
        metrics |= {name: found[name] for name in pixels}
        if "best_dice" in pixels:
            metrics["best_threshold"] = found["best_threshold"]
    intervals = {
        name: mia_metrics.bootstrap_interval(test.labels, prediction.score, metric=name)
        for name in ("auroc", "ap")
    }
    # An infinite threshold ("call nothing abnormal") has no JSON.
    finite = {name: value if math.isfinite(value) else None for name, value in metrics.items()}
    return finite, {name: [found.low, found.high] for name, found in intervals.items()}


def write(folder: RunFolder, test: ImageSet, prediction: Prediction) -> None:
    """Write scores.csv, maps.npy and gallery.npz."""
    scores, maps = prediction.score, prediction.map
    folder.write_scores(test.ids, test.labels, scores)
    if maps is not None:
        write_array(folder.maps, maps)
    shown = gallery.collect(list(test.ids), test.labels, scores, test.images, maps, test.masks)
    shown.save(folder.gallery)
