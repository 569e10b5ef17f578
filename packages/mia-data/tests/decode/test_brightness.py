"""Brightness of images: rules by hand, and the same for images of other scanners."""

from __future__ import annotations

import numpy as np
import pytest
from mia_data import DataError, from_folder, load
from mia_data.decode.brightness import RULES, scale_brightness
from PIL import Image


def brain(seed=0, gain=1.0):
    """A bright, textured disk on black, uint8 (1, 64, 64)."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:64, :64]
    inside = (y - 32) ** 2 + (x - 32) ** 2 < 28**2
    values = inside * (90 + 30 * np.sin(x / 7) + rng.integers(0, 20, (64, 64)))
    return np.clip(gain * values, 0, 255).astype(np.uint8)[None]


def foreground(image):
    return image[image > image.max() / 20]


def test_percentiles_become_a_tenth_and_nine_tenths():
    image = brain()
    scaled = scale_brightness(image, "percentiles")
    low, high = (
        np.quantile(foreground(image), q, method="inverted_cdf").astype(int) for q in (0.01, 0.99)
    )
    levels = np.arange(256)
    table = 25.5 + (levels - low) * 204 / (high - low)
    np.testing.assert_array_equal(scaled, np.clip(np.rint(table), 0, 255)[image])
    assert (scaled[image == 0] == 0).all()


def test_equalized_levels_are_shares_of_the_foreground():
    image = brain()
    scaled = scale_brightness(image, "equalize")
    known = foreground(image)
    for level in np.unique(image):
        share = (known <= level).mean() if level > image.max() / 20 else 0
        assert (scaled[image == level] == np.rint(255 * share)).all()


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("gain", [0.6, 1.5])
def test_another_gain_gives_nearly_the_same_image(rule, gain):
    one, other = (scale_brightness(brain(gain=g), rule).astype(int) for g in (1.0, gain))
    apart = np.abs(brain().astype(int) - brain(gain=gain)).mean()
    assert np.abs(one - other).mean() < apart / 10


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("level", [0, 1, 255])
def test_an_image_of_one_level_stays(rule, level):
    image = np.full((3, 8, 8), level, np.uint8)
    np.testing.assert_array_equal(scale_brightness(image, rule), image)


@pytest.mark.parametrize("rule", RULES)
def test_gray_in_three_channels_is_the_same_in_each_and_color_goes_through_one_table(rule):
    gray = brain()
    np.testing.assert_array_equal(
        scale_brightness(np.repeat(gray, 3, 0), rule), np.repeat(scale_brightness(gray, rule), 3, 0)
    )
    color = np.random.default_rng(1).integers(0, 256, (3, 32, 32), dtype=np.uint8)
    scaled = scale_brightness(color, rule)
    pairs = {(int(a), int(b)) for a, b in zip(color.ravel(), scaled.ravel(), strict=True)}
    assert len(pairs) == len(np.unique(color))


def test_loaders_scale_what_they_read(tmp_path):
    Image.fromarray(brain()[0]).save(tmp_path / "a.png")
    plain = from_folder(tmp_path, cache_dir=tmp_path / "cache")
    for rule in RULES:
        found = from_folder(tmp_path, brightness=rule, cache_dir=tmp_path / "cache")
        np.testing.assert_array_equal(found.images[0], scale_brightness(plain.images[0], rule))


def test_an_unknown_rule_and_drawn_images_are_refused(tmp_path):
    with pytest.raises(DataError, match=r"unknown brightness 'equalise'.*did you mean 'equalize'"):
        from_folder(tmp_path, brightness="equalise")
    with pytest.raises(DataError, match="phantom is drawn and has no brightness to scale"):
        load("phantom", "test", brightness="equalize", cache_dir=tmp_path)
