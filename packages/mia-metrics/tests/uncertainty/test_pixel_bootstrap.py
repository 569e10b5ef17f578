"""Binned resamples against the exact ones, image by image drawn alike."""

import mia_metrics as mm
import numpy as np
import pytest
from mia_metrics.uncertainty import pixel_bins
from mia_metrics.uncertainty.seed_variance import resample_detectors

METRICS = ("pixel_auroc", "pixel_ap", "best_dice", "aupro")


def scene(seed, *, count=80, side=32, lesions=32, strength=0.75):
    """Masks of which the first `lesions` have one, and maps that find some of them."""
    rng = np.random.default_rng(seed)
    masks = np.zeros((count, side, side), bool)
    maps = rng.normal(size=masks.shape) + rng.normal(0, 0.5, (count, 1, 1))
    for mask, heat in zip(masks[:lesions], maps, strict=False):
        height, width = rng.integers(2, side // 3, 2)
        top, left = rng.integers(0, side - height), rng.integers(0, side - width)
        mask[top : top + height, left : left + width] = True
        heat[mask] += rng.gamma(2, strength)
    return masks, maps.astype(np.float32)


def exact(masks, maps, metric, *, n_resamples, seed):
    return resample_detectors(
        metric, masks, [maps], trainings="fixed", n_resamples=n_resamples, seed=seed
    ).by_images[0]


@pytest.mark.parametrize("metric", METRICS)
def test_resampled_values_are_close_to_the_exact_ones(metric):
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
def test_with_a_bin_for_each_score_only_ties_are_left(metric, lesions):
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


def test_estimates_are_those_of_pixel_metrics():
    masks, maps = scene(2)
    found = mm.bootstrap_pixels(masks, maps, n_resamples=2, bins=10)
    assert found.estimates == mm.pixel_metrics(masks, maps)


def test_resamples_do_not_depend_on_the_chunk(monkeypatch):
    masks, maps = scene(3, count=20, side=16, lesions=8)
    whole = mm.bootstrap_pixels(masks, maps, n_resamples=40)
    monkeypatch.setattr(pixel_bins, "_CHUNK", 3000)
    parts = mm.bootstrap_pixels(masks, maps, n_resamples=40)
    for metric in METRICS:
        np.testing.assert_allclose(parts.resampled[metric], whole.resampled[metric], atol=1e-12)


@pytest.mark.parametrize("metric", METRICS)
def test_comparison_is_that_of_the_maps(metric):
    masks, maps = scene(4)
    worse = maps + np.random.default_rng(5).normal(0, 1.5, maps.shape).astype(np.float32)
    expected = mm.compare(masks, maps, worse, metric=metric, n_resamples=300, seed=6)
    a, b = (mm.bootstrap_pixels(masks, each, n_resamples=300, seed=6) for each in (maps, worse))
    found = mm.compare_pixels([a], [b], metric=metric)
    assert found == pytest.approx(expected, abs=0.002)
    assert found.difference == pytest.approx(expected.difference, abs=1e-12)
    assert found.p_value < 0.05
    assert mm.compare_pixels([a], [a], metric=metric).p_value == 1.0


def test_several_trainings_and_detectors_are_those_of_the_maps():
    masks, maps = scene(7, count=40, side=20, lesions=20)
    rng = np.random.default_rng(8)
    detectors = {
        name: np.stack([maps + rng.normal(0, noise, maps.shape) for _ in range(3)])
        for name, noise in (("poor", 8.0), ("good", 0.1), ("fair", 0.3))
    }
    options = {"n_resamples": 300, "seed": 9}
    expected = mm.compare_with_best(masks, detectors, metric="pixel_ap", **options)
    kept = {
        name: [mm.bootstrap_pixels(masks, each, **options) for each in own]
        for name, own in detectors.items()
    }
    found = mm.compare_pixels_with_best(kept, metric="pixel_ap")
    assert list(found) == list(detectors)
    for name, each in found.items():
        assert each == pytest.approx(expected[name], abs=0.004)
    assert found["good"].is_best
    assert [name for name in found if found[name].adjusted < 0.06] == ["poor"]
    pair = mm.compare_pixels(kept["good"], kept["poor"], metric="pixel_ap")
    exact_pair = mm.compare(
        masks, detectors["good"], detectors["poor"], metric="pixel_ap", **options
    )
    assert pair == pytest.approx(exact_pair, abs=0.004)
    fixed = mm.compare_with_best(masks, detectors, metric="pixel_ap", trainings="fixed", **options)
    found = mm.compare_pixels_with_best(kept, metric="pixel_ap", trainings="fixed")
    assert found["fair"] == pytest.approx(fixed["fair"], abs=0.004)


def test_bootstraps_of_other_resamples_are_refused():
    masks, maps = scene(10, count=20, side=12, lesions=8)
    one = mm.bootstrap_pixels(masks, maps, n_resamples=10)
    others = [
        mm.bootstrap_pixels(masks[1:], maps[1:], n_resamples=10),
        mm.bootstrap_pixels(masks, maps, n_resamples=11),
        mm.bootstrap_pixels(masks, maps, n_resamples=10, seed=1),
    ]
    for other in others:
        with pytest.raises(ValueError, match=r"resamples and seed, got \(12, 8, 10, 0\) of a, \("):
            mm.compare_pixels([one], [other])
        with pytest.raises(ValueError, match="expected bootstraps with the same images"):
            mm.compare_pixels_with_best({"x": [one, other]})


def test_bad_options_are_refused():
    masks, maps = scene(11, count=8, side=12, lesions=4)
    for name in ("n_resamples", "bins"):
        with pytest.raises(ValueError, match=f"{name} .*at least 2"):
            mm.bootstrap_pixels(masks, maps, **{name: 1})
    with pytest.raises(ValueError, match="expected masks to contain both classes"):
        mm.bootstrap_pixels(np.zeros_like(masks), maps)
    found = mm.bootstrap_pixels(masks, maps, n_resamples=5)
    with pytest.raises(ValueError, match="'auroc'"):
        found.interval("auroc")
    with pytest.raises(ValueError, match="'ap'"):
        mm.compare_pixels([found], [found], metric="ap")
    with pytest.raises(ValueError, match="at least 1 training of b"):
        mm.compare_pixels([found], [])
    with pytest.raises(ValueError, match="at least 1 detector"):
        mm.compare_pixels_with_best({})
    with pytest.raises(ValueError, match="confidence"):
        found.interval("pixel_ap", confidence=1.0)
