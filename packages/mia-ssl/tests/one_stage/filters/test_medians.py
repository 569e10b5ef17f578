import cv2
import numpy as np
import pytest
import torch
from mia_ssl.one_stage.filters import medians
from mia_ssl.one_stage.filters.medians import RADIUS, binary_median, disk_median
from mia_ssl.one_stage.filters.windows import replicated
from skimage.filters import median
from skimage.morphology import disk


@pytest.mark.parametrize("size", [3, 5, 7])
def test_binary_median_is_opencvs(size):
    x = np.random.default_rng(size).integers(0, 2, (6, 37, 53), dtype=np.uint8)
    expected = np.stack([cv2.medianBlur(image, size) for image in x])
    np.testing.assert_array_equal(binary_median(torch.from_numpy(x), size).numpy(), expected)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16])
@pytest.mark.parametrize("working_set", [1, 1 << 20])
def test_disk_median_is_scikit_images(dtype, working_set, monkeypatch):
    monkeypatch.setattr(medians, "_WORKING_SET", working_set)
    x = np.random.default_rng(0).integers(0, 60, (3, 29, 33)).astype(dtype)
    expected = np.stack([median(image, disk(RADIUS)) for image in x])
    got = disk_median(replicated(torch.from_numpy(x), RADIUS), 59)
    np.testing.assert_array_equal(got.numpy(), expected)


def test_disk_median_stops_at_the_highest_value_that_matters():
    x = np.random.default_rng(0).integers(0, 60, (3, 29, 33), dtype=np.uint8)
    expected = np.stack([np.minimum(median(image, disk(RADIUS)), 31) for image in x])
    got = disk_median(replicated(torch.from_numpy(x), RADIUS), 31)
    np.testing.assert_array_equal(got.numpy(), expected)
    assert not disk_median(torch.from_numpy(x), 0).any()
