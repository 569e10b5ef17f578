"""Which stored values are padding."""

import numpy as np
import pydicom
import pytest
from mia_data.decode.dicom_padding import padding

STORED = np.array([-2000, -1999, -1, 0, 5], np.int16)


def _dataset(**elements):
    dataset = pydicom.Dataset()
    for name, value in elements.items():
        setattr(dataset, name, value)
    return dataset


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ({"PixelPaddingValue": -2000}, [1, 0, 0, 0, 0]),
        ({"PixelPaddingValue": 63536}, [1, 0, 0, 0, 0]),
        ({"PixelPaddingValue": -2000, "PixelPaddingRangeLimit": -1999}, [1, 1, 0, 0, 0]),
        ({"PixelPaddingValue": 0, "PixelPaddingRangeLimit": -1}, [0, 0, 1, 1, 0]),
    ],
)
def test_a_value_or_a_range_is_padding(elements, expected):
    assert padding(_dataset(**elements), STORED).tolist() == expected


def test_a_file_that_names_none_has_none():
    assert padding(_dataset(), STORED) is None
    assert padding(_dataset(PixelPaddingRangeLimit=3), STORED) is None


def test_a_value_with_the_wrong_sign_is_that_of_unsigned_pixels():
    stored = np.array([65535, 1], np.uint16)
    assert padding(_dataset(PixelPaddingValue=-1), stored).tolist() == [True, False]


@pytest.mark.parametrize("value", [-7.5, float("nan")])
def test_padding_of_float_pixels(value):
    stored = np.array([value, 1], np.float32)
    dataset = _dataset(FloatPixelPaddingValue=value, PixelPaddingValue=1)
    assert padding(dataset, stored).tolist() == [True, False]
