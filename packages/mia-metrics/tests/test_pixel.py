"""Pixel-level metrics against scikit-learn and against every threshold tried one by one."""

import tracemalloc

import mia_metrics as mm
import numpy as np
import pytest
from sklearn import metrics as oracle

LEVELS = [2, 8, None]


@pytest.mark.parametrize("levels", LEVELS)
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_pixel_auroc_and_ap_equal_scikit_learn(pixels, seed, levels, dtype):
    masks, maps = pixels(seed, levels=levels)
    maps = maps.astype(dtype)
    metrics = mm.pixel_metrics(masks, maps)
    y, s = masks.ravel(), maps.ravel()
    assert metrics["pixel_auroc"] == pytest.approx(oracle.roc_auc_score(y, s), abs=1e-12)
    assert metrics["pixel_ap"] == pytest.approx(oracle.average_precision_score(y, s), abs=1e-12)
    assert mm.pixel_auroc(masks, maps) == metrics["pixel_auroc"]
    assert mm.pixel_ap(masks, maps) == metrics["pixel_ap"]
    assert mm.aupro(masks, maps) == metrics["aupro"]


def test_masks_of_0_and_255_and_lists_are_the_same_as_booleans(pixels):
    masks, maps = pixels(6)
    expected = mm.pixel_metrics(masks, maps)
    for same in (masks.astype(np.uint8) * 255, masks.astype(float), masks.astype(int)):
        assert mm.pixel_metrics(same, maps) == expected
    assert mm.pixel_metrics(masks.tolist(), maps.tolist()) == expected


def test_inputs_are_left_as_they_were(pixels):
    masks, maps = pixels(7)
    masks_before, maps_before = masks.copy(), maps.copy()
    mm.pixel_metrics(masks, maps)
    mm.froc(masks, maps)
    np.testing.assert_array_equal(masks, masks_before)
    np.testing.assert_array_equal(maps, maps_before)


def test_memory_stays_below_four_times_the_maps():
    rng = np.random.default_rng(0)
    masks = np.zeros((300, 64, 64), np.uint8)
    masks[:, 10:21, 10:21] = 1  # 3 %
    maps = rng.standard_normal(masks.shape, dtype=np.float32)
    mm.pixel_metrics(masks[:2], maps[:2])  # imports are not counted
    tracemalloc.start()
    mm.pixel_metrics(masks, maps)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * maps.nbytes
