"""Pixels in memory become what files of them become."""

from __future__ import annotations

import numpy as np
import pytest
from mia_data import DataError, from_folder, image_from_array
from PIL import Image

RNG = np.random.default_rng(0)
SETTINGS = [
    {"size": 20},
    {"size": 33, "channels": 3, "resize": "short_side", "resample": "lanczos"},
    {"size": 24, "brightness": "percentiles"},
]


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("kind", ["gray", "color", "deep"])
def test_an_array_is_read_as_the_file_of_it(tmp_path, settings, kind):
    pixels = {
        "gray": RNG.integers(0, 256, (50, 40), np.uint8),
        "color": RNG.integers(0, 256, (50, 40, 3), np.uint8),
        "deep": RNG.integers(0, 4000, (50, 40), np.uint16),
    }[kind]
    Image.fromarray(pixels).save(tmp_path / "a.png")
    for more in ({}, {"window": (100.0, 3000.0)}):
        found = image_from_array(pixels, **settings, **more)
        expected = from_folder(tmp_path, cache_dir=tmp_path / "c", **settings, **more).images[0]
        np.testing.assert_array_equal(found, expected)


def test_floats_are_scaled_as_deep_integers():
    values = RNG.integers(-1000, 3000, (30, 30))
    for same in (values.astype(np.int16), values.astype(np.float32), values.tolist()):
        found = image_from_array(same, size=30, window=(-1000, 3000))
        expected = np.rint((values + 1000.0) / 4000 * 255)
        np.testing.assert_array_equal(found[0], expected)


@pytest.mark.parametrize(
    ("pixels", "message"),
    [
        (np.zeros((3, 8, 8)), r"\(H, W\) or \(H, W, 3\), got float64 \(3, 8, 8\)"),
        (np.zeros((0, 8)), "got float64"),
        (np.array(["a"]), "got <U1"),
        (np.zeros((4, 4), bool), "got bool"),
        (np.array([[1.0, np.nan]]), r"the shape \(1, 2\) as an image: it holds NaN"),
        (np.broadcast_to(np.uint8(1), (10**5, 10**5)), "expected at most"),
    ],
)
def test_anything_else_is_refused(pixels, message):
    with pytest.raises(DataError, match=message):
        image_from_array(pixels)
