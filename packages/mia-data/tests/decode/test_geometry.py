"""Sizes, against Pillow's resize and the arithmetic of the study's transforms."""

import numpy as np
import pytest
from mia_data.decode.geometry import RESAMPLES, resize_image, resize_mask
from PIL import Image


@pytest.fixture
def image(rng):
    return Image.fromarray(rng.integers(0, 256, (37, 61), dtype=np.uint8))


@pytest.mark.parametrize("resample", RESAMPLES)
@pytest.mark.parametrize("size", [24, 80])
def test_squash_is_pillows_resize_with_the_named_filter(image, resample, size):
    expected = image.resize((size, size), Image.Resampling[resample.upper()])
    np.testing.assert_array_equal(resize_image(image, size, "squash", resample), expected)


@pytest.mark.parametrize("resample", ["bilinear", "lanczos"])
@pytest.mark.parametrize("turned", [False, True])
def test_short_side_scales_the_short_side_and_crops_the_center(image, turned, resample):
    if turned:
        image = image.transpose(Image.Transpose.TRANSPOSE)
    # 61 * 24 / 37 = 39.57, cut to 39; (39 - 24) / 2 = 7.5, rounded to the even 8.
    size = (24, 39) if turned else (39, 24)
    whole = np.asarray(image.resize(size, Image.Resampling[resample.upper()]))
    expected = whole[8:32] if turned else whole[:, 8:32]
    np.testing.assert_array_equal(resize_image(image, 24, "short_side", resample), expected)


@pytest.mark.parametrize("resize", ["squash", "short_side"])
def test_masks_get_no_new_values(resize):
    mask = Image.fromarray((np.indices((31, 17)).sum(0) % 3 == 0).astype(np.uint8) * 255)
    assert set(np.unique(resize_mask(mask, 10, resize))) == {0, 255}


def test_a_sliver_is_refused_before_it_grows():
    with pytest.raises(ValueError, match="too narrow"):
        resize_image(Image.new("L", (1_000_000, 1)), 256, "short_side", "bilinear")
