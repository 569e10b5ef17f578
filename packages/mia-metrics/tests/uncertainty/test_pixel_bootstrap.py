"""Binned resamples against exact ones of the same drawn images."""

import mia_metrics as mm
import numpy as np
import pytest
from mia_metrics.uncertainty import pixel_bins
from mia_metrics.uncertainty.seed_variance import resample_detectors

METRICS = ("pixel_auroc", "pixel_ap", "best_dice", "aupro")


def exact(masks, maps, metric, *, n_resamples, seed):
    return resample_detectors(
        metric, masks, [maps], trainings="fixed", n_resamples=n_resamples, seed=seed
    ).by_images[0]


@pytest.mark.parametrize("metric", METRICS)
def test_resampled_values_are_close_to_the_exact_ones(scene, metric):
    masks, maps = scene(0)
    found = mm.bootstrap_pixels(masks, maps, n_resamples=200, seed=3)
    expected = exact(masks, maps, metric, n_resamples=200, seed=3)
    assert expected.std() > 0.02
    np.testing.assert_allclose(found.resampled[metric], expected, atol=0.001, rtol=0)
    low, high = np.quantile(expected, [0.05, 0.95])
    interval = found.interval(metric, confidence=0.9)
    assert interval == pytest.approx(
        (mm.pixel_metrics(masks, maps)[metric], low, high, 0.9), abs=4e-4
    )


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("lesions", [5, 12])
def test_with_a_bin_for_each_score_only_ties_are_left(scene, metric, lesions):
    """Maps of whole numbers, with and without images that have no lesion: nothing is rounded."""
    masks, maps = scene(1, count=12, side=20, lesions=lesions, strength=2)
    maps = np.round(3 * maps).astype(np.int16)
    maps[0][masks[0]] = np.arange(masks[0].sum()) % (np.ptp(maps) + 1) + maps.min()
    masks[0][:] = True
    maps[0].flat[: np.ptp(maps) + 1] = np.arange(
        maps.min(), maps.max() + 1
    )  # every value in a lesion
    found = mm.bootstrap_pixels(masks, maps, n_resamples=50, bins=10_000, seed=4)
    expected = exact(masks, maps.astype(np.float32), metric, n_resamples=50, seed=4)
    np.testing.assert_allclose(found.resampled[metric], expected, atol=1e-12, rtol=0)
    assert (found.normal, found.abnormal) == (12 - lesions, lesions)


def test_estimates_are_those_of_pixel_metrics(scene):
    masks, maps = scene(2)
    found = mm.bootstrap_pixels(masks, maps, n_resamples=2, bins=10)
    assert found.estimates == mm.pixel_metrics(masks, maps)


def test_resamples_do_not_depend_on_the_chunk(scene, monkeypatch):
    masks, maps = scene(3, count=20, side=16, lesions=8)
    whole = mm.bootstrap_pixels(masks, maps, n_resamples=40)
    monkeypatch.setattr(pixel_bins, "_CHUNK", 3000)
    parts = mm.bootstrap_pixels(masks, maps, n_resamples=40)
    for metric in METRICS:
        np.testing.assert_allclose(parts.resampled[metric], whole.resampled[metric], atol=1e-12)


def test_bad_options_are_refused(scene):
    masks, maps = scene(11, count=8, side=12, lesions=4)
    for name in ("n_resamples", "bins"):
        with pytest.raises(ValueError, match=f"{name} .*at least 2"):
            mm.bootstrap_pixels(masks, maps, **{name: 1})
    with pytest.raises(ValueError, match="expected masks to contain both classes"):
        mm.bootstrap_pixels(np.zeros_like(masks), maps)
    found = mm.bootstrap_pixels(masks, maps, n_resamples=5)
    with pytest.raises(ValueError, match="'auroc'"):
        found.interval("auroc")
    with pytest.raises(ValueError, match="confidence"):
        found.interval("pixel_ap", confidence=1.0)
