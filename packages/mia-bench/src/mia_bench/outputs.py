"""A test set's prediction: what it measures and the files that it leaves in a run's folder."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import mia_metrics

from mia_bench import gallery
from mia_bench.files import write_array

if TYPE_CHECKING:
    from mia_data import ImageSet

    from mia_bench.contract import Prediction
    from mia_bench.runfolder import RunFolder


def measure(
    test: ImageSet, prediction: Prediction
) -> tuple[dict[str, float | None], dict[str, list[float]]]:
    """The metrics, and bootstrap intervals over the test images of the image-level ones."""
    metrics = mia_metrics.image_metrics(test.labels, prediction.score)
    if prediction.map is not None and test.masks is not None:
        metrics |= mia_metrics.pixel_metrics(test.masks, prediction.map)
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
