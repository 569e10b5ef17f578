import cv2
import numpy as np
import pytest
import torch
from mia_ssl.filters import medians
from mia_ssl.filters.medians import RADIUS, disk_median, median_above
from skimage.filters import median
from skimage.morphology import disk


@pytest.mark.parametrize("dtype", [np.uint8, np.int16])
@pytest.mark.parametrize("size", [3, 5, 7])
@pytest.mark.parametrize("cache", [1, 1 << 20])
def test_median_above_a_threshold_is_that_of_opencvs_median(dtype, size, cache, monkeypatch):
    """Of the whole gray levels and, the same, of the image that is 1 above the threshold."""
    monkeypatch.setattr(medians, "_CACHE", cache)
    x = np.random.default_rng(size).integers(0, 40, (6, 37, 53))
    expected = np.stack([cv2.medianBlur(np.uint8(image), size) for image in x]) > 20
    again = np.stack([cv2.medianBlur(np.uint8(image > 20), size) for image in x])
    got = median_above(torch.from_numpy(x.astype(dtype)), size, 20).numpy()
    np.testing.assert_array_equal(got, expected)
    np.testing.assert_array_equal(got, again)


def with_margin(x):
    """[N, H, W] with its border repeated outwards."""
    return torch.from_numpy(np.pad(x, ((0, 0), (RADIUS, RADIUS), (RADIUS, RADIUS)), mode="edge"))


@pytest.mark.parametrize("dtype", [np.uint8, np.int16])
@pytest.mark.parametrize("working_set", [1, 1 << 20])
def test_disk_median_is_scikit_images(dtype, working_set, monkeypatch):
    monkeypatch.setattr(medians, "_WORKING_SET", working_set)
    x = np.random.default_rng(0).integers(0, 60, (3, 29, 33)).astype(dtype)
    expected = np.stack([median(image, disk(RADIUS)) for image in x])
    got = disk_median(with_margin(x), 59)
    np.testing.assert_array_equal(got.numpy(), expected)


def test_disk_median_stops_at_the_highest_value_that_matters():
    x = np.random.default_rng(0).integers(0, 60, (3, 29, 33), dtype=np.uint8)
    expected = np.stack([np.minimum(median(image, disk(RADIUS)), 31) for image in x])
    got = disk_median(with_margin(x), 31)
    np.testing.assert_array_equal(got.numpy(), expected)
    assert not disk_median(torch.from_numpy(x), 0).any()
