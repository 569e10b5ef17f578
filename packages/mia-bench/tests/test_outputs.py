"""What is measured of a prediction: mia-metrics' numbers, as many as are asked for."""

from __future__ import annotations

from types import SimpleNamespace

import mia_metrics
import numpy as np
import pytest
from mia_bench.leaderboard import METRICS, PIXEL_METRICS
from mia_bench.outputs import measure


@pytest.fixture
def test_set():
    rng = np.random.default_rng(0)
    masks = np.zeros((20, 16, 16), np.uint8)
    masks[10:, 4:9, 5:11] = 1
    return SimpleNamespace(labels=np.repeat([0, 1], 10), masks=masks, rng=rng)


@pytest.fixture
def prediction(test_set):
    maps = (test_set.rng.random(test_set.masks.shape) + test_set.masks).astype(np.float32)
    return SimpleNamespace(score=maps.mean((1, 2)), map=maps)


def test_all_metrics_are_those_of_mia_metrics(test_set, prediction):
    metrics, intervals = measure(test_set, prediction)
    expected = mia_metrics.image_metrics(test_set.labels, prediction.score)
    expected |= mia_metrics.pixel_metrics(test_set.masks, prediction.map)
    assert metrics == pytest.approx(expected)
    found = mia_metrics.bootstrap_interval(test_set.labels, prediction.score, metric="ap")
    assert intervals["ap"] == [found.low, found.high]


@pytest.mark.parametrize("wanted", [("auroc",), ("pixel_ap",), ("best_dice", "aupro")])
def test_pixels_are_measured_by_what_is_wanted_alone(test_set, prediction, wanted):
    everything, _ = measure(test_set, prediction, METRICS)
    metrics, intervals = measure(test_set, prediction, wanted)
    assert set(PIXEL_METRICS) & set(metrics) == set(PIXEL_METRICS) & set(wanted)
    assert ("best_threshold" in metrics) == ("best_dice" in wanted)
    assert metrics == {name: everything[name] for name in metrics}
    assert {"auroc", "ap"} <= set(metrics) & set(intervals)


def test_without_masks_there_are_no_pixels_to_measure(test_set, prediction):
    metrics, _ = measure(SimpleNamespace(labels=test_set.labels, masks=None), prediction)
    assert not set(PIXEL_METRICS) & set(metrics)
