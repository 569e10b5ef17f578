"""FROC against detections labeled and counted at every threshold."""

import math

import mia_metrics as mm
import numpy as np
import pytest
from scipy.ndimage import label, maximum_filter

EIGHT = np.ones((3, 3), int)


def overlap_at(masks, maps, threshold, min_overlap):
    false = hits = lesions = 0
    for mask, image in zip(masks, maps, strict=True):
        labels, count = label(image >= threshold, EIGHT)
        false += count - len(set(labels[mask].tolist()) - {0})
        regions, number = label(mask, EIGHT)
        lesions += number
        for k in range(1, number + 1):
            called = image[regions == k] >= threshold
            hits += called.any() and called.mean() >= min_overlap - 1e-12
    return false / len(maps), hits / lesions


def peaks_at(masks, maps, threshold):
    false = hits = lesions = 0
    for mask, image in zip(masks, maps, strict=True):
        peaks = (maximum_filter(image, size=3) == image) & (image >= threshold)
        false += np.sum(peaks & ~mask)
        regions, number = label(mask, EIGHT)
        lesions += number
        hits += len(set(regions[peaks].tolist()) - {0})
    return false / len(maps), hits / lesions


@pytest.mark.parametrize("min_overlap", [0.0, 0.3, 0.5, 1.0])
@pytest.mark.parametrize("levels", [1, 3, 15, None])
@pytest.mark.parametrize("seed", range(3))
def test_overlap_equals_labeling_at_every_threshold(pixels, seed, levels, min_overlap):
    masks, maps = pixels(seed, levels=levels)
    curve = mm.froc(masks, maps, min_overlap=min_overlap)
    assert curve.thresholds[0] == math.inf
    for threshold in np.unique(maps):
        point = np.flatnonzero(curve.thresholds >= threshold)[-1]  # unchanged since then
        expected = overlap_at(masks, maps, threshold, min_overlap)
        found = curve.false_positives[point], curve.sensitivity[point]
        assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_peak_equals_counting_local_maxima_at_every_threshold(pixels, seed):
    masks, maps = pixels(seed)  # no ties, so that a maximum filter tells the peaks
    curve = mm.froc(masks, maps, hit="peak")
    for threshold in np.unique(maps):
        point = np.flatnonzero(curve.thresholds >= threshold)[-1]
        found = curve.false_positives[point], curve.sensitivity[point]
        assert found == pytest.approx(peaks_at(masks, maps, threshold), abs=1e-12)


def test_a_plateau_is_one_peak():
    masks = np.zeros((1, 5, 9), bool)
    masks[0, 2, 0] = True
    maps = np.zeros((1, 5, 9))
    maps[0, 2, 0] = 2.0
    maps[0, 1:4, 4:8] = 1.0
    curve = mm.froc(masks, maps, hit="peak")
    assert curve.false_positives.tolist() == [0.0, 0.0, 1.0]
    assert curve.sensitivity.tolist() == [0.0, 1.0, 1.0]


def test_images_are_worked_on_in_parts_with_the_same_result(pixels, monkeypatch):

    masks, maps = pixels(1, levels=20)
    whole = {hit: mm.froc(masks, maps, hit=hit) for hit in ("overlap", "peak")}
    monkeypatch.setattr("mia_metrics.regions.froc._CHUNK", 2 * maps[0].size)
    for hit, expected in whole.items():
        parts = mm.froc(masks, maps, hit=hit)
        for one, other in zip(parts, expected, strict=True):
            np.testing.assert_array_equal(one, other)


def test_sensitivity_at_a_rate_and_the_score():
    curve = mm.Froc(
        false_positives=np.array([0.0, 0.0, 1.0, 3.0, 2.0]),
        sensitivity=np.array([0.0, 0.25, 0.5, 0.75, 1.0]),
        thresholds=np.array([np.inf, 4.0, 3.0, 2.0, 1.0]),
        lesions=4,
        images=2,
    )
    assert [curve.sensitivity_at(rate) for rate in (0, 0.9, 1, 2, 9)] == [0.25, 0.25, 0.5, 1, 1]
    assert curve.score((0.5, 1.0)) == 0.375
    assert curve.score() == pytest.approx((3 * 0.25 + 0.5 + 3 * 1.0) / 7)


def test_a_rate_that_no_curve_has_is_refused(pixels):
    curve = mm.froc(*pixels(0))
    for rate in (-1, float("nan"), "x", None):
        with pytest.raises(ValueError, match=f"expected false_positives .*, got {rate!r}"):
            curve.sensitivity_at(rate)
    with pytest.raises(ValueError, match="at least 1 rate"):
        curve.score([])


def test_bad_criteria_are_refused(pixels):
    with pytest.raises(ValueError, match=r"expected hit to be one of .*'peak'"):
        mm.froc(*pixels(0), hit="peek")
    with pytest.raises(ValueError, match=r"min_overlap only with hit 'overlap', got 0\.5"):
        mm.froc(*pixels(0), hit="peak", min_overlap=0.5)
    with pytest.raises(ValueError, match=r"expected min_overlap in \[0, 1\], got 2"):
        mm.froc(*pixels(0), min_overlap=2)
