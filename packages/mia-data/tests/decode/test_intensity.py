"""Deep intensities to 8 bits, against the definition."""

import numpy as np
import pytest
from mia_data.decode.intensity import to_uint8


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
