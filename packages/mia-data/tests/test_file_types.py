"""Which files count as images."""

import pytest
from mia_data.file_types import is_image, without_suffix


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.png", True),
        ("a.JPG", True),
        ("v.nii.gz", True),
        ("d.dcm", True),
        ("._a.png", False),
        (".DS_Store", False),
        ("README.txt", False),
        ("a.png.txt", False),
    ],
)
def test_is_image(name, expected):
    assert is_image(name) is expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a/b.c.png", "a/b.c"), ("v.nii.gz", "v"), ("x.JPEG", "x"), ("noend", "noend")],
)
def test_without_suffix_takes_the_last_one_off(name, expected):
    assert without_suffix(name) == expected
