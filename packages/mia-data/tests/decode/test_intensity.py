"""Deep intensities to 8 bits, against the definition."""

import numpy as np
import pytest
from mia_data.decode.intensity import percentile_window, to_uint8


def test_a_window_maps_its_ends_to_0_and_255_and_clips():
    values = np.array([[-50.0, 0.0, 10.0, 40.0, 90.0]])
    np.testing.assert_array_equal(to_uint8(values, (0, 40)), [[0, 0, 64, 255, 255]])


def test_without_a_window_the_percentiles_are_the_ends(rng):
    values = rng.normal(1000, 200, (50, 50))
    low, high = np.percentile(values, (0.5, 99.5))
    expected = np.clip(np.rint((values - low) / (high - low) * 255), 0, 255)
    np.testing.assert_array_equal(to_uint8(values, None), expected)


def test_few_bright_pixels_on_a_flat_background_survive():
    values = np.full((40, 40), 5, np.uint16)
    values[3, 4] = 60000
    expected = np.zeros((40, 40))
    expected[3, 4] = 255
    np.testing.assert_array_equal(to_uint8(values, None), expected)


def test_a_constant_image_is_black():
    assert not to_uint8(np.full((3, 3), 700, np.uint16), None).any()


def test_a_window_of_one_value_is_a_threshold():
    values = np.array([[-9.0, 39.0, 39.5, 40.0, 900.0]])
    np.testing.assert_array_equal(to_uint8(values, (39.5, 39.5)), [[0, 0, 0, 255, 255]])


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_no_numbers_are_refused(bad):
    with pytest.raises(ValueError, match="NaN or infinite"):
        to_uint8(np.array([[0.0, bad]]), None)


def test_values_that_mean_nothing_are_0_and_no_part_of_the_percentiles(rng):
    values = rng.normal(1000, 200, (50, 50))
    without = rng.random((50, 50)) < 0.3
    values[without] = rng.choice([np.nan, 1e9, -1e9], without.sum())
    gray = to_uint8(values, None, without=without)
    assert not gray[without].any()
    np.testing.assert_array_equal(gray[~without], to_uint8(values[~without], None))
    assert not to_uint8(values, None, without=np.ones_like(without)).any()


@pytest.mark.parametrize("kind", [np.int16, np.float64, np.uint8])
@pytest.mark.parametrize("sizes", [[1], [3], [400, 1, 77], [5000, 20]])
def test_the_window_of_several_arrays_is_that_of_all_their_values(rng, kind, sizes):
    parts = [rng.integers(0, 200, n).astype(kind) for n in sizes]
    expected = np.percentile(np.concatenate(parts), (0.5, 99.5))
    np.testing.assert_allclose(percentile_window(parts), expected)


def test_where_the_percentiles_of_several_arrays_coincide_the_extremes_count():
    parts = [np.zeros(1000), np.array([7.0])]
    assert percentile_window(parts) == (0, 7)
    assert percentile_window([]) is None
    with pytest.raises(ValueError, match="NaN"):
        percentile_window([np.array([np.nan])])
