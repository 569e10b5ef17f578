"""Best Dice against every threshold tried one by one, and against plain forms of other rules."""

import mia_metrics as mm
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, zoom

LEVELS = [2, 8, None]


def dice_from(masks, maps, threshold):
    called = maps >= threshold
    return 2 * np.sum(called & masks) / (called.sum() + masks.sum())


def dice_above(masks, maps, threshold):
    called = maps > threshold
    return 2 * np.sum(called & masks) / (called.sum() + masks.sum())


@pytest.mark.parametrize("levels", LEVELS)
@pytest.mark.parametrize("seed", range(4))
def test_best_dice_equals_a_search_over_all_thresholds(pixels, seed, levels):
    masks, maps = pixels(seed, levels=levels)
    values = np.unique(maps)
    dices = [dice_from(masks, maps, value) for value in values]
    best = mm.best_dice(masks, maps)
    assert best.value == pytest.approx(max(dices), abs=1e-12)
    assert best.threshold == values[np.flatnonzero(np.isclose(dices, max(dices)))[-1]]
    metrics = mm.pixel_metrics(masks, maps, aupro=False)
    assert (metrics["best_dice"], metrics["best_threshold"]) == best
    assert "aupro" not in metrics


@pytest.mark.parametrize("n_thresholds", [1, 7, 100, 200, 10_000])
@pytest.mark.parametrize("levels", LEVELS)
def test_quantile_dice_follows_the_rule_of_the_study(pixels, n_thresholds, levels):
    masks, maps = pixels(5, levels=levels)
    step = max(maps.size // n_thresholds, 1)
    thresholds = np.sort(maps.ravel())[::step]
    expected = max(dice_above(masks, maps, threshold) for threshold in thresholds)
    found = mm.best_dice(masks, maps, n_thresholds=n_thresholds)
    assert found.value == pytest.approx(expected, abs=1e-12)
    assert mm.dice_at(masks, maps, threshold=found.threshold) == found.value
    assert found.value <= mm.best_dice(masks, maps).value


def test_quantiles_understate_small_lesions():
    rng = np.random.default_rng(0)
    masks = np.zeros((20, 32, 32), bool)
    masks[:, 3:4, 5:7] = True  # 0.2 % of the pixels
    maps = rng.standard_normal(masks.shape) + 4.0 * masks
    assert mm.best_dice(masks, maps, n_thresholds=100).value < 0.8 * mm.best_dice(masks, maps).value


def one_stage_plainly(masks, maps):
    """The rule of the study, step by step: zoom the whole stack, then try 100 quantiles."""
    scale = 64 / maps.shape[-1]
    small_maps = zoom(maps[:, None], (1, 1, scale, scale), order=3)
    small_masks = zoom(masks[:, None].astype(float), (1, 1, scale, scale), order=0)
    assert small_maps.shape == small_masks.shape
    ordered = np.sort(small_maps.ravel())
    best = 0.0
    for threshold in ordered[np.arange(0, ordered.size, ordered.size // 100)]:
        called = (small_maps > threshold).astype(int)
        best = max(best, 2 * np.sum(called[small_masks == 1]) / (called.sum() + small_masks.sum()))
    return best


def blobs(seed, shape, *, share=0.05, signal=1.0):
    """Smooth lesions on a share of the pixels, in noise that is smooth on a finer scale."""
    rng = np.random.default_rng(seed)
    wide, fine = (
        gaussian_filter(rng.standard_normal(shape), (0, s, s)) for s in (shape[2] / 20, 1)
    )
    masks = wide > np.quantile(wide, 1 - share)
    return masks, (fine / fine.std() + signal * masks).astype(np.float32)


@pytest.mark.parametrize(
    "shape", [(5, 256, 256), (4, 224, 224), (3, 100, 100), (6, 64, 64), (3, 40, 40), (3, 96, 150)]
)
@pytest.mark.parametrize("share", [0.002, 0.05, 0.5])
def test_one_stage_dice_equals_the_rule_of_the_study_in_plain_steps(shape, share):
    masks, maps = blobs(1, shape, share=share)
    found = mm.best_dice_one_stage(masks, maps)
    assert found.value == pytest.approx(one_stage_plainly(masks, maps), abs=1e-9)
    assert found == mm.best_dice_one_stage(masks.astype(np.uint8) * 255, maps.astype(float))


def test_at_64_pixels_the_one_stage_rule_is_that_of_100_quantiles():
    masks, maps = blobs(2, (8, 64, 64))
    assert mm.best_dice_one_stage(masks, maps) == mm.best_dice(masks, maps, n_thresholds=100)


def test_the_one_stage_rule_differs_from_the_exact_optimum_where_it_says():
    masks, maps = blobs(3, (25, 128, 128), share=0.002, signal=6.0)  # 100 steps of 1 % each
    assert mm.best_dice_one_stage(masks, maps).value < 0.5 * mm.best_dice(masks, maps).value


def test_the_one_stage_threshold_applies_to_the_zoomed_maps():
    masks, maps = blobs(4, (6, 128, 128))
    found = mm.best_dice_one_stage(masks, maps)
    small_maps = np.stack([zoom(each, 0.5, order=3) for each in maps])
    small_masks = np.stack([zoom(each.astype(np.uint8), 0.5, order=0) for each in masks])
    assert mm.dice_at(small_masks, small_maps, threshold=found.threshold) == found.value


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("value", [0.0, 0.3, -7.7])
def test_constant_maps_flag_nothing_in_the_one_stage_rule(value, dtype):
    masks, _ = blobs(5, (3, 150, 150))
    maps = np.full(masks.shape, value, dtype)
    assert one_stage_plainly(masks, maps.astype(np.float32)) == 0.0
    found = mm.best_dice_one_stage(masks, maps)
    assert found.value == 0.0
    assert found == mm.best_dice(masks, maps.astype(np.float32), n_thresholds=100)


def test_one_stage_dice_needs_a_lesion_pixel_before_and_after_the_zoom():
    masks, maps = blobs(6, (2, 256, 256))
    with pytest.raises(ValueError, match="expected masks to contain both classes"):
        mm.best_dice_one_stage(np.zeros_like(masks), maps)
    speck = np.zeros_like(masks)
    speck[0, 2, 2] = True  # between the pixels 0 and 4 that the zoom picks
    with pytest.raises(ValueError, match="a lesion pixel left at a width of 64, got none"):
        mm.best_dice_one_stage(speck, maps)


def test_one_stage_dice_refuses_maps_without_a_row_left_or_beyond_float32():
    masks, maps = np.zeros((1, 2, 400)), np.zeros((1, 2, 400))
    masks[0, 0, :200] = 1
    with pytest.raises(ValueError, match="less than 128 times as wide as high, got height 2 and"):
        mm.best_dice_one_stage(masks, maps)
    masks, maps = blobs(7, (1, 64, 64))
    with pytest.raises(ValueError, match="expected maps within the range of float32"):
        mm.best_dice_one_stage(masks, maps.astype(float) * 1e60)
