"""The histogram: its bounds hold the exact values and are tight; its keys keep the order."""

import mia_metrics as mm
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mia_metrics.histogram import from_ordered_bits, ordered_bits

NAMES = ("pixel_auroc", "pixel_ap", "best_dice", "aupro")
FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False)


def fed(masks, maps, bits, batch=2):
    target = mm.PixelHistogram(bits=bits)
    for start in range(0, len(maps), batch):
        target.update(masks[start : start + batch], maps[start : start + batch])
    return target


@pytest.mark.parametrize("bits", [10, 12, 16, 20])
@pytest.mark.parametrize("levels", [2, 6, None])
@pytest.mark.parametrize("seed", range(6))
def test_exact_values_lie_within_the_bounds(pixels, seed, levels, bits):
    masks, maps = pixels(seed, levels=levels)
    exact = mm.pixel_metrics(masks, maps)
    target = fed(masks, maps, bits)
    estimate, bounds = target.compute(), target.bounds()
    assert list(bounds) == list(NAMES)
    for name in NAMES:
        low, high = bounds[name]
        assert low - 1e-12 <= exact[name] <= high + 1e-12
        assert low - 1e-12 <= estimate[name] <= high + 1e-12


@pytest.mark.parametrize("worst", [False, True])
def test_bounds_are_reached_by_the_best_and_the_worst_order_within_bins(worst):
    # All in one bin of 10 bits, [2, 4): lesion pixels all above, or all below, the normal ones.
    masks = np.array([[[1, 1, 0, 0, 0, 0]]], bool)
    maps = np.array([[[3.0, 3.1, 2.1, 2.2, 2.3, 2.4]]])
    exact = mm.pixel_metrics(masks, -maps + 5.5 if worst else maps)
    bounds = fed(masks, -maps + 5.5 if worst else maps, 10).bounds()
    side = 0 if worst else 1
    assert bounds["pixel_auroc"][side] == pytest.approx(exact["pixel_auroc"], abs=1e-12)
    assert bounds["aupro"][side] == pytest.approx(exact["aupro"], abs=1e-12)
    if worst:
        assert 0 < bounds["pixel_ap"].low <= exact["pixel_ap"]
    else:
        assert bounds["pixel_ap"].high == exact["pixel_ap"]
        assert bounds["best_dice"].high == exact["best_dice"]


def test_the_error_shrinks_with_the_bins():
    rng = np.random.default_rng(0)
    masks = np.zeros((50, 32, 32), bool)
    masks[:, 4:9, 4:9] = True
    maps = (rng.random(masks.shape) + 0.3 * masks).astype(np.float32)
    exact = mm.pixel_metrics(masks, maps)
    for bits, largest in ((10, 0.3), (14, 0.02), (20, 4e-4)):
        target = fed(masks, maps, bits)
        estimate, bounds = target.compute(), target.bounds()
        for name in NAMES:
            assert bounds[name].high - bounds[name].low < largest
            assert abs(estimate[name] - exact[name]) < largest


def test_values_that_fit_their_bins_are_exact(pixels):
    masks, maps = pixels(3, levels=8)  # small whole numbers: 10 mantissa bits hold them
    target = fed(masks, maps, 20)
    exact = mm.pixel_metrics(masks, maps)
    assert target.compute() == pytest.approx(exact, abs=1e-12)


def test_best_dice_is_that_of_its_threshold(pixels):
    masks, maps = pixels(4)
    found = fed(masks, maps, 12).compute()
    at_threshold = mm.dice_at(masks, maps, threshold=found["best_threshold"])
    assert at_threshold == pytest.approx(found["best_dice"], abs=1e-12)


def test_memory_does_not_grow(pixels):
    masks, maps = pixels(5)
    target = mm.PixelHistogram(bits=12, aupro=False)
    arrays = {
        name: value.nbytes for name, value in vars(target).items() if hasattr(value, "nbytes")
    }
    for _ in range(10):
        target.update(masks, maps)
    after = {name: value.nbytes for name, value in vars(target).items() if hasattr(value, "nbytes")}
    assert after == arrays
    assert sum(arrays.values()) <= 24 * 2**12 + 16
    once = fed(masks, maps, 12).compute()
    assert target.compute()["pixel_auroc"] == pytest.approx(once["pixel_auroc"])
    assert "aupro" not in target.compute()
    assert "aupro" not in target.bounds()


@given(st.lists(FLOATS, min_size=2, max_size=30))
def test_keys_have_the_order_of_the_numbers_and_come_back(values):
    numbers = np.array(values, np.float32)
    keys = ordered_bits(numbers)
    np.testing.assert_array_equal(
        np.argsort(keys, kind="stable"), np.argsort(numbers, kind="stable")
    )
    np.testing.assert_array_equal(from_ordered_bits(keys), numbers)


@pytest.mark.parametrize("bits", [9, 25, 16.0, True])
def test_bits_outside_their_range_are_refused(bits):
    with pytest.raises(ValueError, match="expected bits"):
        mm.PixelHistogram(bits=bits)
