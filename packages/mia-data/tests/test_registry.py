"""Datasets found by name."""

import pytest
from mia_data import UnknownNameError, info


def test_an_unknown_name_lists_the_known_and_the_nearest():
    with pytest.raises(UnknownNameError, match=r"'brats2020'.*rsna, .*did you mean 'brats2021'"):
        info("brats2020")
