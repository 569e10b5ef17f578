"""Maps go back to where they belong, and their colors mean what the scale says."""

from __future__ import annotations

import numpy as np
import pytest
from mia_bench.inference.heatmaps import ColorScale, at_own_size, heatmap, thumbnail
from mia_bench.report.pictures import OUTLINE

SCALE = ColorScale(low=1, high=3, outlined=4)


def test_a_map_of_the_same_size_is_not_changed():
    heat = np.random.default_rng(0).random((16, 16), np.float32)
    np.testing.assert_array_equal(at_own_size(heat, (0, 0, 16, 16), 16, 16), heat)


def test_a_larger_image_gets_the_map_stretched():
    heat = np.zeros((16, 16), np.float32)
    heat[4, 10] = 1
    whole = at_own_size(heat, (0, 0, 64, 32), 32, 64)
    row, column = np.unravel_index(whole.argmax(), whole.shape)
    assert 4 * 2 <= row < 5 * 2
    assert 10 * 4 <= column < 11 * 4


def test_outside_of_the_box_there_is_no_map():
    whole = at_own_size(np.ones((8, 8), np.float32), (5, 0, 25, 20), 20, 30)
    assert (whole[:, 5:25] == 1).all()
    assert np.isnan(whole[:, :5]).all()
    assert np.isnan(whole[:, 25:]).all()


def test_what_is_usual_or_not_seen_keeps_the_image():
    image = np.full((1, 20, 20), 100, np.uint8)
    whole = np.ones((20, 20), np.float32)
    whole[:, :4] = np.nan
    np.testing.assert_array_equal(heatmap(image, whole, SCALE), 100)


def test_what_is_beyond_the_scale_is_full_and_outlined():
    image = np.full((1, 40, 40), 100, np.uint8)
    whole = np.zeros((40, 40), np.float32)
    whole[10:20, 10:20] = 5
    whole[30:34, 30:34] = 3.5  # full color, but not outlined
    shown = heatmap(image, whole, SCALE)
    assert (shown[10:20, 10:20] == shown[15, 15]).all()
    np.testing.assert_array_equal(shown[31, 31], shown[15, 15])
    green = (shown == OUTLINE).all(-1)
    assert green[9, 10:20].all()
    assert green.sum() == 4 * 10


@pytest.mark.parametrize("shape", [(1, 400, 200), (3, 100, 300), (1, 1, 90)])
def test_a_thumbnail_keeps_the_shape_and_the_place_of_the_box(shape):
    original = np.zeros(shape, np.uint8)
    _, height, width = shape
    small, box = thumbnail(original, (0, 0, width, height), 100)
    assert max(small.shape[1:]) == 100
    assert small.shape[1:] == (
        max(1, 100 * height // max(shape)),
        max(1, 100 * width // max(shape)),
    )
    assert box == (0, 0, small.shape[2], small.shape[1])


def test_a_thumbnails_box_moves_with_it():
    original = np.zeros((3, 100, 300), np.uint8)
    _, box = thumbnail(original, (100, 0, 200, 100), 150)
    assert box == (50, 0, 100, 50)
