"""Paired test of two detectors: its size and power, and its invariances."""

import mia_metrics as mm
import numpy as np
import pytest


def test_compare_has_its_size_and_its_power():
    truth = np.arange(100) >= 50
    rng = np.random.default_rng(11)
    rejected = {0.0: 0, 1.5: 0}
    for seed in range(200):
        shared = rng.standard_normal(100) + 0.7 * truth
        for gain in rejected:
            a = shared + rng.standard_normal(100) + gain * truth
            b = shared + rng.standard_normal(100)
            p_value = mm.compare(truth, a, b, n_resamples=200, seed=seed).p_value
            rejected[gain] += p_value <= 0.1
    assert 0.05 <= rejected[0.0] / 200 <= 0.16
    assert rejected[1.5] / 200 > 0.9


def test_compare_is_paired_and_antisymmetric(images):
    truth, a = images(5)
    b = a + 0.3 * np.random.default_rng(0).standard_normal(a.size)
    forth, back = mm.compare(truth, a, b), mm.compare(truth, b, a)
    assert forth.difference == pytest.approx(mm.auroc(truth, a) - mm.auroc(truth, b))
    assert (back.difference, back.low, back.high) == pytest.approx(
        (-forth.difference, -forth.high, -forth.low)
    )
    assert forth.p_value == back.p_value
    delong = mm.delong_test(truth, a, b)
    assert (forth.high - forth.low) / 2 == pytest.approx(1.96 * delong.standard_error, rel=0.15)


def test_compare_of_one_ranking_finds_no_difference(images):
    truth, scores = images(6)
    result = mm.compare(truth, scores, scores * 3 + 1)
    assert (result.difference, result.low, result.high, result.p_value) == (0.0, 0.0, 0.0, 1.0)


def test_compare_takes_any_metric_and_maps(pixels):
    masks, maps = pixels(1, shape=(10, 8, 8))
    noise = np.random.default_rng(0).standard_normal(maps.shape)
    result = mm.compare(masks, maps, noise, metric="pixel_ap", n_resamples=50)
    assert result.estimate_a == mm.pixel_ap(masks, maps)
    assert result.estimate_b == mm.pixel_ap(masks, noise)
    assert result.p_value == pytest.approx(1 / 51)
