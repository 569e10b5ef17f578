"""Comparisons of detectors by kept bootstraps of their pixels, against those of the maps."""

import mia_metrics as mm
import numpy as np
import pytest

METRICS = ("pixel_auroc", "pixel_ap", "best_dice", "aupro")


@pytest.mark.parametrize("metric", METRICS)
def test_comparison_is_that_of_the_maps(scene, metric):
    masks, maps = scene(4)
    worse = maps + np.random.default_rng(5).normal(0, 1.5, maps.shape).astype(np.float32)
    expected = mm.compare(masks, maps, worse, metric=metric, n_resamples=300, seed=6)
    a, b = (mm.bootstrap_pixels(masks, each, n_resamples=300, seed=6) for each in (maps, worse))
    found = mm.compare_pixels([a], [b], metric=metric)
    assert found == pytest.approx(expected, abs=0.002)
    assert found.difference == pytest.approx(expected.difference, abs=1e-12)
    assert found.p_value < 0.05
    assert mm.compare_pixels([a], [a], metric=metric).p_value == 1.0


def test_several_trainings_and_detectors_are_those_of_the_maps(scene):
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


def test_bootstraps_of_other_resamples_are_refused(scene):
    masks, maps = scene(10, count=20, side=12, lesions=8)
    one = mm.bootstrap_pixels(masks, maps, n_resamples=10)
    others = [
        mm.bootstrap_pixels(masks[1:], maps[1:], n_resamples=10),
        mm.bootstrap_pixels(masks, maps, n_resamples=11),
        mm.bootstrap_pixels(masks, maps, n_resamples=10, seed=1),
    ]
    for other in others:
        with pytest.raises(ValueError, match=r"the same seed, got \(12, 8, 10, 0\) of a, \("):
            mm.compare_pixels([one], [other])
        with pytest.raises(ValueError, match="expected bootstraps with the same numbers of images"):
            mm.compare_pixels_with_best({"x": [one, other]})


def test_bad_options_are_refused(scene):
    masks, maps = scene(11, count=8, side=12, lesions=4)
    found = mm.bootstrap_pixels(masks, maps, n_resamples=5)
    with pytest.raises(ValueError, match="'ap'"):
        mm.compare_pixels([found], [found], metric="ap")
    with pytest.raises(ValueError, match="at least 1 training run of b"):
        mm.compare_pixels([found], [])
    with pytest.raises(ValueError, match="at least 1 detector"):
        mm.compare_pixels_with_best({})
