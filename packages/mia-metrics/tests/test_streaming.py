"""The accumulator against the whole set at once."""

import tracemalloc

import mia_metrics as mm
import numpy as np
import pytest


def feed(target, masks, maps, batch):
    for start in range(0, len(maps), batch):
        target.update(masks[start : start + batch], maps[start : start + batch])
    return target


@pytest.mark.parametrize("batch", [1, 2, 6])
@pytest.mark.parametrize("levels", [4, None])
def test_batches_give_the_metrics_of_the_whole(pixels, batch, levels):
    masks, maps = pixels(0, levels=levels)
    found = feed(mm.PixelAccumulator(), masks, maps, batch).compute()
    assert found == pytest.approx(mm.pixel_metrics(masks, maps), abs=1e-12)
    without = feed(mm.PixelAccumulator(aupro=False), masks, maps, batch).compute()
    assert without == mm.pixel_metrics(masks, maps, aupro=False)


def test_more_can_be_added_after_a_result(pixels):
    masks, maps = pixels(1)
    target = mm.PixelAccumulator(limit=0.1)
    feed(target, masks[:3], maps[:3], 2)
    assert target.compute() == pytest.approx(mm.pixel_metrics(masks[:3], maps[:3], limit=0.1))
    feed(target, masks[3:], maps[3:], 2)
    assert target.compute() == pytest.approx(mm.pixel_metrics(masks, maps, limit=0.1))
    assert target.compute() == target.compute()


def test_batches_of_other_sizes_and_reused_memory(pixels):
    first, second = pixels(2, shape=(2, 8, 8)), pixels(3, shape=(2, 8, 8))
    small = pixels(4, shape=(3, 5, 7))
    target = mm.PixelAccumulator()
    buffer = np.empty((2, 8, 8), np.float32)
    for masks, maps in (first, second):
        buffer[:] = maps
        target.update(masks, buffer)
    target.update(*small)
    every = [np.concatenate([pair[k].ravel() for pair in (first, second, small)]) for k in (0, 1)]
    assert target.compute()["pixel_auroc"] == pytest.approx(mm.auroc(*every))


def test_float64_maps_are_ranked_as_float32(pixels):
    masks, maps = pixels(5)
    fine = maps + np.random.default_rng(0).random(maps.shape) * 1e-4
    found = feed(mm.PixelAccumulator(), masks, fine, 2).compute()
    assert found == pytest.approx(mm.pixel_metrics(masks, fine.astype(np.float32)))


def test_memory_is_that_of_the_pixels():
    rng = np.random.default_rng(0)
    target = mm.PixelAccumulator()
    masks = np.zeros((20, 64, 64), np.uint8)
    masks[:, 10:21, 10:21] = 1
    tracemalloc.start()
    for _ in range(20):
        target.update(masks, rng.standard_normal(masks.shape, dtype=np.float32))
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert held < 1.2 * (4 * 20 * masks.size + 12 * 20 * np.count_nonzero(masks))


@pytest.mark.parametrize("make", [mm.PixelAccumulator, mm.PixelHistogram])
def test_bad_batches_are_refused_and_leave_nothing_behind(pixels, make):
    masks, maps = pixels(6)
    target = make()
    target.update(masks, maps)
    before = target.compute()
    for bad_masks, bad_maps, message in [
        (masks[:2], maps, "expected masks and maps of the same shape"),
        (masks, np.where(masks, np.nan, maps), "expected maps to be finite, got NaN"),
        (masks * 2, maps, "expected masks to contain only 0 and 1"),
        (masks, maps.astype(float) * 1e60, "expected maps within the range of float32"),
        (masks[:0], maps[:0], "expected masks to contain at least one value"),
        (masks[0], maps[0], r"expected masks of shape \(N, H, W\), got shape \(12, 10\)"),
    ]:
        with pytest.raises(ValueError, match=message):
            target.update(bad_masks, bad_maps)
    assert target.compute() == before


@pytest.mark.parametrize("make", [mm.PixelAccumulator, mm.PixelHistogram])
def test_a_result_needs_both_classes(make):
    target = make()
    with pytest.raises(ValueError, match="lesion and normal pixels, got 0 lesion of 0 pixels"):
        target.compute()
    target.update(np.zeros((1, 2, 2)), np.zeros((1, 2, 2)))
    with pytest.raises(ValueError, match="lesion and normal pixels, got 0 lesion of 4 pixels"):
        target.compute()
    with pytest.raises(ValueError, match="expected limit in"):
        make(limit=0.0)
