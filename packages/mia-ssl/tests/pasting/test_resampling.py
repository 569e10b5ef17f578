import cv2
import numpy as np
import pytest
import torch
from mia_ssl.pasting.boxes import Boxes
from mia_ssl.pasting.resampling import resample_masks, resample_padded


@pytest.mark.parametrize("channels", [1, 3])
def test_resized_patches_are_opencvs_to_the_digit(channels):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (channels, 5, 100, 120), dtype=np.uint8)
    old, new = rng.integers(1, 80, (2, 40)), rng.integers(1, 95, (2, 40))
    top, left = rng.integers(0, 101 - old[0]), rng.integers(0, 121 - old[1])
    origin = rng.integers(0, 5, 40)
    source = Boxes(*map(torch.from_numpy, (top, left, *old)))
    target = Boxes(*map(torch.from_numpy, (top, left, *new)))
    rows, columns = new.max(1)
    planes, index = torch.from_numpy(images), torch.from_numpy(origin)
    got = resample_padded(planes, index, source, target, int(rows), int(columns))
    assert got.shape == (channels, 40, rows, columns)
    for k in range(40):
        (h, w), box = new[:, k], np.s_[top[k] : top[k] + old[0, k], left[k] : left[k] + old[1, k]]
        for plane, resized in zip(images[:, origin[k]], got[:, k, :h, :w].numpy(), strict=True):
            np.testing.assert_array_equal(resized, cv2.resize(plane[box], (int(w), int(h))))


def test_resized_masks_are_opencvs():
    rng = np.random.default_rng(1)
    old, new = rng.integers(1, 95, (2, 2, 40))
    new[:, ::7] = old[:, ::7]
    masks = [rng.random(size) < (1 if k % 5 == 0 else 0.7) for k, size in enumerate(old.T)]
    zeros = torch.zeros(40, dtype=torch.int64)
    source, target = (Boxes(zeros, zeros, *map(torch.from_numpy, sides)) for sides in (old, new))
    for mask, size, got in zip(masks, new.T, resample_masks(masks, source, target), strict=True):
        expected = cv2.resize(mask.astype(np.uint8), size[::-1].tolist())
        np.testing.assert_array_equal(got, expected > 0)
    assert resample_masks([], source[:0], target[:0]) == []


def test_patches_of_the_same_size_are_cut_as_they_are():
    images = torch.randint(0, 256, (1, 2, 20, 20), dtype=torch.uint8)
    box = Boxes(*map(torch.tensor, ([3], [4], [5], [6])))
    got = resample_padded(images, torch.tensor([1]), box, box, 7, 8)
    assert torch.equal(got[0, 0, :5, :6], images[0, 1, 3:8, 4:10])
    assert got.shape == (1, 1, 7, 8)
