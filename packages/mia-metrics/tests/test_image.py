"""Image-level metrics against scikit-learn and against every threshold tried one by one."""

import math

import mia_metrics as mm
import numpy as np
import pytest
from sklearn import metrics as oracle

LEVELS = [1, 2, 5, 30, None]


@pytest.mark.parametrize("levels", LEVELS)
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_auroc_and_ap_equal_scikit_learn(images, seed, levels, dtype):
    truth, scores = images(seed, levels=levels)
    scores = scores.astype(dtype)
    assert mm.auroc(truth, scores) == pytest.approx(oracle.roc_auc_score(truth, scores), abs=1e-12)
    expected = oracle.average_precision_score(truth, scores)
    assert mm.average_precision(truth, scores) == pytest.approx(expected, abs=1e-12)


def test_all_equal_scores_are_chance():
    labels = [0, 0, 0, 1]
    metrics = mm.image_metrics(labels, [7.0] * 4)
    assert metrics["auroc"] == 0.5
    assert metrics["ap"] == 0.25
    assert metrics["f1_max"] == pytest.approx(0.4)
    assert metrics["f1_max_threshold"] == 7.0


@pytest.mark.parametrize("levels", LEVELS)
@pytest.mark.parametrize("seed", range(4))
def test_operating_points_equal_a_search_over_all_thresholds(images, seed, levels):
    truth, scores = images(seed, size=60, levels=levels)
    points = []
    for threshold in [*np.unique(scores), math.inf]:
        called = scores >= threshold
        tp, fp = np.sum(called & truth), np.sum(called & ~truth)
        tpr, fpr = tp / truth.sum(), fp / (~truth).sum()
        f1 = 2 * tp / (called.sum() + truth.sum())
        points.append((threshold, tpr, fpr, f1))
    best = max(points, key=lambda point: (point[3], point[0]))
    assert mm.f1_max(truth, scores) == pytest.approx((best[3], best[0]))
    for level in (0.5, 0.9, 0.95, 1.0):
        sensitivity = max(tpr for _, tpr, fpr, _ in points if 1 - fpr >= level - 1e-12)
        found = mm.sensitivity_at_specificity(truth, scores, specificity=level)
        assert found.value == pytest.approx(sensitivity)
        assert np.mean(scores[truth] >= found.threshold) == pytest.approx(sensitivity)
        fpr_needed = min(fpr for _, tpr, fpr, _ in points if tpr >= level)
        found = mm.fpr_at_tpr(truth, scores, tpr=level)
        assert found.value == pytest.approx(fpr_needed)
        assert np.mean(scores[~truth] >= found.threshold) == pytest.approx(fpr_needed)
        mirrored = mm.specificity_at_sensitivity(truth, scores, sensitivity=level)
        assert mirrored.value == pytest.approx(1 - fpr_needed)
        assert mirrored.threshold == found.threshold


def test_operating_points_that_call_nothing_are_at_infinity():
    labels, scores = [1, 0], [1.0, 2.0]
    assert mm.sensitivity_at_specificity(labels, scores, specificity=1.0) == (0.0, math.inf)
    assert mm.fpr_at_tpr(labels, scores, tpr=0.0) == (0.0, math.inf)
    assert mm.specificity_at_sensitivity(labels, scores, sensitivity=0.0) == (1.0, math.inf)


def test_image_metrics_agree_with_the_single_functions(images):
    truth, scores = images(3, levels=20)
    metrics = mm.image_metrics(truth, scores)
    assert metrics == {
        "auroc": mm.auroc(truth, scores),
        "ap": mm.average_precision(truth, scores),
        "f1_max": mm.f1_max(truth, scores).value,
        "f1_max_threshold": mm.f1_max(truth, scores).threshold,
        "fpr_at_95_tpr": mm.fpr_at_tpr(truth, scores).value,
        "sensitivity_at_95_specificity": mm.sensitivity_at_specificity(truth, scores).value,
    }
    assert all(type(value) is float for value in metrics.values())


def test_oracle_metrics_are_exactly_those_that_choose_a_threshold(images, pixels):
    names = {*mm.image_metrics(*images(0)), *mm.pixel_metrics(*pixels(0))}
    assert names >= mm.ORACLE_METRICS
    assert names - mm.ORACLE_METRICS == {"auroc", "ap", "pixel_auroc", "pixel_ap", "aupro"}


def test_values_that_differ_in_the_last_bit_are_not_merged():
    low = 1.0
    high = np.nextafter(low, 2.0)
    assert mm.auroc([0, 1], [low, high]) == 1.0
    assert mm.auroc([0, 1], np.array([low, high])) == 1.0
    single = np.array([low, np.nextafter(np.float32(1), np.float32(2))], np.float32)
    assert mm.auroc([0, 1], single) == 1.0
    assert mm.auroc([0, 1], [-0.0, 0.0]) == 0.5
    assert mm.auroc([0, 1], np.array([2**24, 2**24 + 1])) == 1.0
