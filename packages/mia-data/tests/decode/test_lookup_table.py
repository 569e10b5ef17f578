"""Tables from the bytes and numbers that files hold."""

import numpy as np
import pytest
from mia_data.decode.lookup_table import read_table

VALUES = [-5, 9, 10.4, 10.6, 12, 500]  # 10 is the first number of the tables
EXPECTED = [20, 20, 20, 30, 250, 250]
WORDS = np.array([20, 30, 250])


@pytest.mark.parametrize(
    ("data", "little"),
    [
        (WORDS.astype("<u2").tobytes(), True),
        (WORDS.astype(">u2").tobytes(), False),
        (bytes([20, 30, 250, 0]), True),
        (bytes([30, 20, 0, 250]), False),
        (WORDS.tolist(), True),
    ],
)
def test_entries_are_those_of_the_standard(data, little):
    table = read_table("T", [3, 10, 8], data, little_endian=little, signed=False)
    assert table.look_up(np.array(VALUES)).tolist() == EXPECTED
    assert table.largest == 255


def test_a_first_number_below_zero_may_be_stored_without_its_sign():
    for first in (-10, 65526):
        table = read_table("T", [3, first, 12], WORDS.tolist(), little_endian=True, signed=True)
        assert table.look_up(np.array([-10, -9, -8])).tolist() == WORDS.tolist()
    table = read_table("T", [3, 65526, 12], WORDS.tolist(), little_endian=True, signed=False)
    assert table.look_up(np.array([-10, 65527])).tolist() == [20, 30]


def test_a_descriptor_of_no_entries_means_65536():
    entries = np.arange(1 << 16)[::-1].astype("<u2").tobytes()
    table = read_table("T", [0, 0, 16], entries, little_endian=True, signed=False)
    assert table.look_up(np.array([0, 65535])).tolist() == [65535, 0]
    assert table.largest == 65535


def test_entries_of_16_bits_that_are_said_to_be_of_8_have_the_range_of_16():
    table = read_table("T", [2, 0, 8], [0, 65535], little_endian=True, signed=False)
    assert table.largest == 65535


def test_fewer_entries_than_the_descriptor_says_are_refused():
    with pytest.raises(ValueError, match="its T has 3 entries, expected 4"):
        read_table("T", [4, 0, 16], WORDS.tolist(), little_endian=True, signed=False)
