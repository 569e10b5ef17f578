"""Metrics of a test set's prediction, and the files that it leaves in a run's folder."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import mia_metrics

from mia_bench.execution.group_scores import GroupScores, score_groups
from mia_bench.files import write_array
from mia_bench.metric_names import METRICS, PATIENT_METRICS, PIXEL_METRICS, VOLUME_METRICS
from mia_bench.run_folder.gallery_npz import make_gallery
from mia_bench.run_folder.resamples_npz import N_RESAMPLES, write_resamples

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from mia_data import ImageSet

    from mia_bench.detectors.protocol import Prediction
    from mia_bench.run_folder.folder import RunFolder


class Measurements(NamedTuple):
    """Metrics of a prediction.

    Attributes:
        metrics: Metric -> value; None for an infinite threshold, which JSON has no word for.
        intervals: Metric -> ends of its bootstrap interval over the test images.
        pixels: The pixel metrics' resamples, where there are any.
    """

    metrics: dict[str, float | None]
    intervals: dict[str, tuple[float, float]]
    pixels: mia_metrics.PixelBootstrap | None


def metrics_of(
    test: ImageSet, prediction: Prediction, wanted: Collection[str] = METRICS
) -> dict[str, float | None]:
    """Return the metrics alone; see ``measure``."""
    found = mia_metrics.image_metrics(test.labels, prediction.score)
    for groups, metrics in _groups(test, prediction, wanted):
        own = mia_metrics.image_metrics(groups.labels, groups.scores)
        found |= {name: own[image_metric] for name, image_metric in metrics.items()}
    names = _pixel_metrics(wanted)
    if names and prediction.map is not None and test.masks is not None:
        own = mia_metrics.pixel_metrics(test.masks, prediction.map, aupro="aupro" in names)
        found |= {name: own[name] for name in names}
    return _finite(found)


def measure(
    test: ImageSet, prediction: Prediction, wanted: Collection[str] = METRICS
) -> Measurements:
    """Return the metrics and their bootstrap intervals over the test images.

    Image-level metrics take no time and methods are ranked by them, so they are always there; of
    those of patients and volumes, where these are known, and of the pixel-level ones, where there
    are maps and masks, those that are wanted. The intervals of the metrics of patients and volumes
    are over the patients and volumes of the test set.
    """
    found = mia_metrics.image_metrics(test.labels, prediction.score)
    intervals = {
        name: mia_metrics.bootstrap_interval(test.labels, prediction.score, metric=name)
        for name in ("auroc", "ap")
    }
    for groups, metrics in _groups(test, prediction, wanted):
        for name, image_metric in metrics.items():
            interval = mia_metrics.bootstrap_interval(
                groups.labels, groups.scores, metric=image_metric
            )
            found[name], intervals[name] = interval.estimate, interval
    names, pixels = _pixel_metrics(wanted), None
    if names and prediction.map is not None and test.masks is not None:
        pixels = mia_metrics.bootstrap_pixels(test.masks, prediction.map, n_resamples=N_RESAMPLES)
        kept = {name: each for name, each in pixels.resampled.items() if name in names}
        pixels = pixels._replace(resampled=kept)
        found |= {name: pixels.estimates[name] for name in names}
        intervals |= {name: pixels.interval(name) for name in kept}
    ends = {name: (each.low, each.high) for name, each in intervals.items()}
    return Measurements(_finite(found), ends, pixels)


def _groups(
    test: ImageSet, prediction: Prediction, wanted: Collection[str]
) -> Iterator[tuple[GroupScores, dict[str, str]]]:
    """Yield scores of patients and of volumes, and the wanted metrics: name -> image metric."""
    kinds = (
        ("patient_", test.patients, PATIENT_METRICS),
        ("volume_", test.volumes, VOLUME_METRICS),
    )
    for prefix, groups, names in kinds:
        metrics = {name: name.removeprefix(prefix) for name in names if name in wanted}
        scored = score_groups(groups, test.labels, prediction.score)
        if scored is not None and metrics:
            yield scored, metrics


def _pixel_metrics(wanted: Collection[str]) -> list[str]:
    """Return those that are wanted; with best Dice comes its threshold."""
    names = [name for name in wanted if name in PIXEL_METRICS]
    return [*names, "best_threshold"] if "best_dice" in names else names


def _finite(metrics: dict[str, float]) -> dict[str, float | None]:
    return {name: value if math.isfinite(value) else None for name, value in metrics.items()}


def write_outputs(
    folder: RunFolder,
    test: ImageSet,
    prediction: Prediction,
    pixels: mia_metrics.PixelBootstrap | None,
) -> None:
    """Write scores.csv, maps.npy, resamples.npz and gallery.npz, over those of an older try."""
    scores, maps = prediction.score, prediction.map
    for path in (folder.maps, folder.resamples):  # of which there may be none this time
        path.unlink(missing_ok=True)
    folder.write_scores(test.ids, test.labels, scores)
    if maps is not None:
        write_array(folder.maps, maps)
    if pixels is not None:
        write_resamples(folder.resamples, test.ids, pixels)
    gallery = make_gallery(list(test.ids), test.labels, scores, test.images, maps, test.masks)
    gallery.save(folder.gallery)
