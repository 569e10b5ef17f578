"""Random views against torchvision and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from mia_ssl.adapted.views import (
    blur,
    crop_and_enlarge,
    draw_boxes,
    draw_factors,
    random_view,
    to_gray,
)
from scipy.ndimage import gaussian_filter
from torchvision.transforms import RandomResizedCrop
from torchvision.transforms import functional as tv


@pytest.fixture
def images():
    coarse = torch.rand(6, 3, 9, 9, generator=torch.Generator().manual_seed(0))
    return (tv.resize(coarse, [64, 64]) * 255).to(torch.uint8)


def uniforms(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def test_crops_are_torchvisions(images):
    boxes = draw_boxes(uniforms(6, 20), uniforms(6, 2, seed=1), 64)
    got = crop_and_enlarge(images, boxes)
    for image, (top, left, height, width), view in zip(images, boxes.tolist(), got, strict=True):
        expected = tv.resized_crop(image, top, left, height, width, [64, 64], antialias=True)
        assert (view.int() - expected.int()).abs().max() <= 1


def test_boxes_are_distributed_as_torchvisions():
    boxes = draw_boxes(uniforms(4000, 20), uniforms(4000, 2, seed=1), 224)
    image = torch.zeros(1, 224, 224)
    torch.manual_seed(0)
    draw = [RandomResizedCrop.get_params(image, [0.2, 1], [3 / 4, 4 / 3]) for _ in range(4000)]
    expected = torch.tensor(draw)
    top, left, height, width = boxes.T
    assert bool(((top >= 0) & (left >= 0) & (top + height <= 224) & (left + width <= 224)).all())
    shares = torch.tensor([0.05, 0.25, 0.5, 0.75, 0.95])
    for got, wanted in zip(boxes.T, expected.T, strict=True):
        quantiles = (got.float().quantile(shares), wanted.float().quantile(shares))
        torch.testing.assert_close(*quantiles, rtol=0.05, atol=4)


def test_where_no_try_fits_the_whole_image_is_taken():
    numbers = torch.full((1, 20), 0.999)  # all of the area, and 4 / 3 as wide as high
    assert draw_boxes(numbers, torch.tensor([[0.5, 0.5]]), 64).tolist() == [[0, 0, 64, 64]]


def test_each_image_is_blurred_by_its_own_deviation(images):
    sigma = torch.tensor([0.1, 0.5, 0.8, 1.1, 1.7, 2.0])
    got = blur(images, sigma)
    for image, deviation, view in zip(images, sigma.tolist(), got, strict=True):
        for channel, blurred in zip(image, view, strict=True):
            expected = gaussian_filter(channel.double().numpy(), deviation, mode="nearest")
            assert np.abs(blurred.double().numpy() - expected).max() <= 0.52


def test_gray_is_torchvisions(images):
    expected = tv.rgb_to_grayscale(images, 3)
    assert (to_gray(images).int() - expected.int()).abs().max() <= 1


def test_color_changes_lie_within_their_strengths():
    drawn = torch.stack(tuple(draw_factors(torch.tensor([[0.0] * 4, [1.0] * 4]))))
    torch.testing.assert_close(drawn[:, 0], torch.tensor([0.6, 0.6, 0.6, -0.1]))
    torch.testing.assert_close(drawn[:, 1], torch.tensor([1.4, 1.4, 1.4, 0.1]))


def test_a_view_depends_on_the_generator_alone(images):
    before = images.clone()
    first, again, other = (
        random_view(images, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)
    )
    assert torch.equal(images, before)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert first.shape == images.shape
    assert first.dtype == torch.uint8


def test_a_fifth_of_the_views_is_gray_and_half_are_mirrored():
    # Bright, and red above all, on the left: what is not gray stays red, what is dark left is a
    # mirror image.
    ramp = torch.linspace(250, 50, 16).to(torch.uint8).expand(1000, 3, 16, 16).clone()
    ramp[:, 1:] //= 2
    views = random_view(ramp, torch.Generator().manual_seed(0)).float()
    gray = (views.amax(1) - views.amin(1)).amax((1, 2)) <= 1
    assert float(gray.float().mean()) == pytest.approx(0.2, abs=0.04)
    mirrored = views[:, 0, :, :4].mean((1, 2)) < views[:, 0, :, -4:].mean((1, 2))
    assert float(mirrored.float().mean()) == pytest.approx(0.5, abs=0.05)


def test_gray_images_stay_of_one_channel(images):
    views = random_view(images[:, :1], torch.Generator().manual_seed(0))
    assert views.shape == (6, 1, 64, 64)
    assert not torch.equal(views, images[:, :1])
