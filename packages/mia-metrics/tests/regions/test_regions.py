"""Regions and their weights against scipy's labels, image by image."""

import numpy as np
import pytest
from mia_metrics.regions.regions import label_regions, region_weights
from scipy.ndimage import label


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("seed", range(5))
def test_regions_are_those_of_each_image_numbered_on(seed, share):
    masks = np.random.default_rng(seed).random((4, 9, 7)) < share
    count, expected = 0, np.zeros(masks.shape, int)
    for out, mask in zip(expected, masks, strict=True):
        labels, own = label(mask, np.ones((3, 3)))
        out[mask] = labels[mask] + count
        count += own
    np.testing.assert_array_equal(label_regions(masks), expected)


def test_the_weights_of_a_region_sum_to_1_and_are_equal(pixels):
    masks, _ = pixels(0)
    regions, weights = label_regions(masks)[masks], region_weights(masks)
    for number in range(1, regions.max() + 1):
        own = weights[regions == number]
        assert own.sum() == pytest.approx(1.0)
        assert np.ptp(own) == 0.0
