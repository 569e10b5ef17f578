"""Metrics at a given threshold against scikit-learn; the threshold from normal scores alone."""

import math

import mia_metrics as mm
import numpy as np
import pytest
from sklearn import metrics as oracle


@pytest.mark.parametrize("threshold", [-1.0, 0.0, 0.5, 2.0])
def test_confusion_equals_scikit_learn(images, threshold):
    truth, scores = images(1)
    called = scores >= threshold
    counts = mm.confusion(truth, scores, threshold=threshold)
    tn, fp, fn, tp = oracle.confusion_matrix(truth, called).ravel()
    assert counts == (tp, fp, tn, fn)
    assert counts.sensitivity == pytest.approx(oracle.recall_score(truth, called))
    assert counts.specificity == pytest.approx(oracle.recall_score(~truth, ~called))
    assert counts.precision == pytest.approx(oracle.precision_score(truth, called))
    assert counts.accuracy == pytest.approx(oracle.accuracy_score(truth, called))
    assert counts.f1 == pytest.approx(oracle.f1_score(truth, called))
    expected = oracle.balanced_accuracy_score(truth, called)
    assert counts.balanced_accuracy == pytest.approx(expected)
    assert mm.balanced_accuracy(truth, scores, threshold=threshold) == pytest.approx(expected)


def test_precision_of_no_call_is_nan():
    counts = mm.confusion([0, 1], [1, 2], threshold=math.inf)
    assert counts == (0, 0, 1, 1)
    assert math.isnan(counts.precision)


@pytest.mark.parametrize("levels", [4, None])
def test_dice_and_iou_equal_their_definitions(pixels, levels):
    masks, maps = pixels(2, levels=levels)
    for threshold in np.quantile(maps, [0.0, 0.3, 0.9, 1.0]):
        called = maps.astype(float) >= float(threshold)
        both, either = np.sum(called & masks), np.sum(called | masks)
        dice = 2 * both / (called.sum() + masks.sum())
        assert mm.dice_at(masks, maps, threshold=threshold) == pytest.approx(dice)
        assert mm.iou_at(masks, maps, threshold=threshold) == pytest.approx(both / either)


def test_dice_at_the_best_threshold_is_the_best_dice(pixels):
    masks, maps = pixels(3)
    best = mm.best_dice(masks, maps)
    assert mm.dice_at(masks, maps, threshold=best.threshold) == best.value


def test_a_threshold_between_two_float32_numbers_is_not_rounded():
    scores = np.array([0.1, 0.2], np.float32)  # the first is 0.100000001490...
    labels = [0, 1]
    just_above = np.nextafter(float(scores[0]), 1.0)
    assert mm.confusion(labels, scores, threshold=just_above).fp == 0
    assert mm.confusion(labels, scores, threshold=float(scores[0])).fp == 1
    assert mm.confusion(labels, scores, threshold=1e300).tn == 1
    assert mm.confusion(labels, scores, threshold=-1e300).tp == 1


def test_nan_threshold_is_refused(images):
    with pytest.raises(ValueError, match="expected threshold to be a number, got nan"):
        mm.confusion(*images(0), threshold=math.nan)


@pytest.mark.parametrize("quantile", [0.07, 0.5, 0.9, 0.95, 0.99])
@pytest.mark.parametrize("levels", [5, None])
def test_normal_threshold_calls_at_most_the_share_asked(images, quantile, levels):
    scores = images(4, size=100, levels=levels).scores
    threshold = mm.normal_threshold(scores, quantile=quantile)
    assert np.mean(scores >= threshold) <= 1 - quantile + 1e-12
    lower = np.max(scores[scores < threshold])
    assert np.mean(scores >= lower) > 1 - quantile + 1e-12


def test_normal_threshold_without_ties_calls_exactly_the_share_asked():
    scores = np.arange(100.0)
    for called in (1, 5, 20, 93):
        threshold = mm.normal_threshold(scores, quantile=1 - called / 100)
        assert np.sum(scores >= threshold) == called


def test_conformal_threshold_keeps_its_promise_on_new_images():
    rng = np.random.default_rng(0)
    rates = []
    for _ in range(2000):
        threshold = mm.normal_threshold(rng.random(19), quantile=0.9, conformal=True)
        rates.append(1 - threshold)  # of uniform scores
    assert np.mean(rates) <= 0.1 + 0.005
    assert np.mean(rates) >= 0.1 - 0.005  # k = 18 of 19: exactly 0.1 in the mean


def test_conformal_threshold_needs_enough_scores():
    with pytest.raises(ValueError, match=r"expected at least 19 normal_scores .* got 18"):
        mm.normal_threshold(np.arange(18.0), quantile=0.95, conformal=True)
    assert mm.normal_threshold(np.arange(19.0), quantile=0.95, conformal=True) > 18.0
