"""What is measured of a prediction: mia-metrics' numbers, as many as are asked for."""

from __future__ import annotations

from types import SimpleNamespace

import mia_metrics
import numpy as np
import pytest
from mia_bench.execution.evaluate import measure, metrics_of, write_outputs
from mia_bench.metric_names import METRICS, PATIENT_METRICS, PIXEL_METRICS, VOLUME_METRICS
from mia_bench.run_folder.folder import RunFolder
from mia_bench.run_folder.resamples_npz import N_RESAMPLES, read_resamples


@pytest.fixture
def split():
    rng = np.random.default_rng(0)
    masks = np.zeros((20, 16, 16), np.uint8)
    masks[10:, 4:9, 5:11] = 1
    return SimpleNamespace(
        labels=np.repeat([0, 1], 10), masks=masks, rng=rng, patients=None, volumes=None
    )


@pytest.fixture
def prediction(split):
    maps = (split.rng.random(split.masks.shape) + split.masks).astype(np.float32)
    return SimpleNamespace(score=maps.mean((1, 2)), map=maps)


def test_all_metrics_are_those_of_mia_metrics(split, prediction):
    metrics, intervals, _ = measure(split, prediction)
    expected = mia_metrics.image_metrics(split.labels, prediction.score)
    expected |= mia_metrics.pixel_metrics(split.masks, prediction.map)
    assert metrics == pytest.approx(expected)
    found = mia_metrics.bootstrap_interval(split.labels, prediction.score, metric="ap")
    assert intervals["ap"] == (found.low, found.high)
    exact = mia_metrics.bootstrap_interval(
        split.masks, prediction.map, metric="pixel_ap", n_resamples=N_RESAMPLES
    )
    assert intervals["pixel_ap"] == pytest.approx([exact.low, exact.high], abs=0.002)


@pytest.mark.parametrize("wanted", [("auroc",), ("pixel_ap",), ("best_dice", "aupro")])
def test_pixels_are_measured_by_what_is_wanted_alone(split, prediction, wanted):
    everything, *_ = measure(split, prediction, METRICS)
    metrics, intervals, pixels = measure(split, prediction, wanted)
    assert set(PIXEL_METRICS) & set(metrics) == set(PIXEL_METRICS) & set(wanted)
    assert ("best_threshold" in metrics) == ("best_dice" in wanted)
    assert metrics == {name: everything[name] for name in metrics}
    assert {"auroc", "ap"} <= set(metrics) & set(intervals)
    assert set(pixels.resampled if pixels else ()) == set(PIXEL_METRICS) & set(wanted)
    assert metrics_of(split, prediction, wanted) == metrics


def test_without_masks_there_are_no_pixels_to_measure(split, prediction):
    without = SimpleNamespace(labels=split.labels, masks=None, patients=None, volumes=None)
    metrics, intervals, pixels = measure(without, prediction)
    assert not set(PIXEL_METRICS) & (set(metrics) | set(intervals))
    assert pixels is None
    assert metrics_of(without, prediction) == metrics


def test_resamples_are_read_as_they_were_written_and_go_with_the_maps(split, prediction, tmp_path):
    folder, labels = RunFolder(tmp_path), split.labels
    images = np.zeros((20, 1, 16, 16), np.uint8)
    split = SimpleNamespace(
        ids=[f"{i}" for i in range(20)],
        labels=labels,
        masks=split.masks,
        images=images,
        patients=None,
        volumes=None,
    )
    measured = measure(split, prediction)
    write_outputs(folder, split, prediction, measured.pixels)
    images, kept = read_resamples(folder.resamples, measured.metrics)
    for name in PIXEL_METRICS:
        np.testing.assert_array_equal(kept.resampled[name], measured.pixels.resampled[name])
        assert kept.estimates[name] == measured.metrics[name]
    assert kept.drawn == measured.pixels.drawn == (10, 10, N_RESAMPLES, 0)
    split.ids[0] = "another"
    write_outputs(folder, split, prediction, measured.pixels)
    assert read_resamples(folder.resamples, measured.metrics).images != images
    write_outputs(folder, split, SimpleNamespace(score=prediction.score, map=None), None)
    assert not folder.maps.exists()
    assert not folder.resamples.exists()


@pytest.mark.parametrize("group", ["patient", "volume"])
def test_patients_and_volumes_are_measured_by_their_highest_image(split, prediction, group):
    names = [f"p{i // 3}" for i in range(20)]  # the fourth has images of both kinds
    setattr(split, f"{group}s", names)
    metrics, intervals, _ = measure(split, prediction)
    labels = np.array([0, 0, 0, 1, 1, 1, 1])
    scores = np.array([prediction.score[i : i + 3].max() for i in range(0, 20, 3)])
    for name in ("auroc", "ap"):
        value = mia_metrics.image_metrics(labels, scores)[name]
        found = mia_metrics.bootstrap_interval(labels, scores, metric=name)
        assert metrics[f"{group}_{name}"] == pytest.approx(value)
        assert intervals[f"{group}_{name}"] == (found.low, found.high)
    assert metrics_of(split, prediction) == metrics
    fewer = measure(split, prediction, (f"{group}_ap",)).metrics
    assert {*PATIENT_METRICS, *VOLUME_METRICS} & set(fewer) == {f"{group}_ap"}


@pytest.mark.parametrize("patients", [None, ["p"] * 20])
def test_patients_that_are_unknown_or_of_one_kind_are_not_measured(split, prediction, patients):
    split.patients = split.volumes = patients
    metrics, intervals, _ = measure(split, prediction)
    assert not {*PATIENT_METRICS, *VOLUME_METRICS} & (set(metrics) | set(intervals))
