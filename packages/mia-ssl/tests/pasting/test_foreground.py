import cv2
import numpy as np
import pytest
import torch
from mia_ssl.pasting.boxes import Boxes
from mia_ssl.pasting.foreground import Foreground, counts_down, foreground, share


def test_gray_foreground_is_threshold_and_median(brain, plain_nsa):
    images = brain(6, 224)
    expected = np.stack([plain_nsa.foreground(image) for image in images[:, 0]])
    planes = torch.from_numpy(images).transpose(0, 1)
    np.testing.assert_array_equal(foreground(planes, 20).numpy(), expected)


def test_rgb_foreground_is_that_of_the_mean_channel():
    images = np.random.default_rng(0).integers(0, 45, (4, 3, 40, 50), dtype=np.uint8)
    masks = np.uint8(images.mean(1) > 20)
    expected = np.stack([cv2.medianBlur(mask, 7) for mask in masks])
    planes = torch.from_numpy(images).transpose(0, 1)
    np.testing.assert_array_equal(foreground(planes, 20).numpy(), expected)


def test_without_threshold_everything_is_foreground():
    assert foreground(torch.zeros(1, 2, 9, 9, dtype=torch.uint8), None).all()


@pytest.mark.parametrize("height", [64, 67, 255, 256, 300])
def test_share_of_boxes_is_the_mean_of_the_mask(height):
    rng = np.random.default_rng(height)
    mask = torch.from_numpy(rng.integers(0, 2, (3, height, 40), dtype=np.uint8))
    image = torch.tensor([2, 0])
    top, left = (
        torch.tensor([[0, 3, height - 60], [1, 0, 5]]),
        torch.tensor([[0, 7, 30], [2, 0, 9]]),
    )
    rows, columns = (
        torch.tensor([[height, 5, 60], [1, 9, 50]]),
        torch.tensor([[40, 3, 10], [5, 1, 31]]),
    )
    got = share(counts_down(mask), image, Boxes(top, left, rows, columns))
    for (p, k), value in np.ndenumerate(got.numpy()):
        inside = mask[image[p], top[p, k] :, left[p, k] :][: rows[p, k], : columns[p, k]]
        assert value == pytest.approx(inside.double().mean().item(), abs=1e-12)


def test_images_do_not_touch_each_other(brain):
    planes = torch.from_numpy(brain(40, 64)).transpose(0, 1)  # more than are worked on at once
    whole = Foreground.of(planes, 20)
    alone = Foreground.of(planes[:, 37:38], 20)
    assert torch.equal(whole.mask[37:38], alone.mask)
    assert torch.equal(whole.rows(slice(37, 38)).mask, alone.mask)


@pytest.mark.parametrize("cpu", [True, False])
def test_the_first_box_with_enough_foreground(cpu, monkeypatch):
    monkeypatch.setattr("mia_ssl.pasting.foreground.on_cpu", lambda _: cpu)
    rng = np.random.default_rng(5)
    mask = torch.from_numpy(rng.random((4, 50, 40)) < np.array([0, 0.5, 0.6, 1])[:, None, None])
    image = torch.from_numpy(rng.integers(0, 4, 60))
    top, left = (torch.from_numpy(rng.integers(0, side, (60, 9))) for side in (45, 35))
    height, width = (torch.from_numpy(rng.integers(1, 6, (60, 9))) for _ in range(2))
    boxes = Boxes(top, left, height, width)
    lucky, choice = Foreground(mask.byte()).first(image, boxes, 0.6)
    for p in range(60):
        corners = zip(top[p], left[p], height[p], width[p], strict=True)
        shares = [mask[image[p]][t : t + h, x : x + w].double().mean() for t, x, h, w in corners]
        good = [k for k, share_of_box in enumerate(shares) if share_of_box > 0.6]
        assert bool(lucky[p]) == bool(good)
        assert not good or choice[p] == good[0]
    assert 10 < lucky.sum() < 50
