"""Local maxima and merges against the components counted at every threshold by scipy."""

import numpy as np
import pytest
from mia_metrics.regions.maxima import basins, local_maxima, merges
from scipy.ndimage import label, maximum_filter

EIGHT = np.ones((3, 3), int)


def random_maps(seed):
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers((1, 1, 2), (4, 9, 9)))
    return rng.integers(0, rng.integers(1, 30), shape).astype(np.float32)


@pytest.mark.parametrize("seed", range(60))
def test_components_at_every_threshold(seed):
    maps = random_maps(seed)
    found = basins(maps)
    heights, tops = merges(found), maps.ravel()[found.peaks]
    for threshold in np.unique(maps):
        counted = sum(label(image >= threshold, EIGHT)[1] for image in maps)
        assert np.sum(tops >= threshold) - np.sum(heights >= threshold) == counted


@pytest.mark.parametrize("seed", range(60))
def test_components_that_avoid_the_merged_pixels(seed):
    maps = random_maps(seed)
    merged = np.random.default_rng(seed).random(maps.shape) < 0.2
    found = basins(maps, merged)
    heights, tops = merges(found), maps.ravel()[found.peaks]
    for threshold in np.unique(maps):
        counted = 0
        for image, avoid in zip(maps, merged, strict=True):
            labels, count = label(image >= threshold, EIGHT)
            counted += count - len(set(labels[avoid].tolist()) - {0})
        assert np.sum(tops >= threshold) - np.sum(heights >= threshold) == counted


@pytest.mark.parametrize("seed", range(60))
def test_local_maxima_are_the_plateaus_without_a_higher_neighbor(seed):
    maps = random_maps(seed)
    expected = []
    for number, image in enumerate(maps):
        for value in np.unique(image):
            labels, count = label(image == value, EIGHT)
            for k in range(1, count + 1):
                around = maximum_filter(labels == k, size=3)
                if image[around].max() == value:
                    expected.append(number * image.size + np.flatnonzero(labels == k)[0])
    peaks = local_maxima(maps, basins(maps))
    assert sorted(peaks.tolist()) == sorted(expected)
