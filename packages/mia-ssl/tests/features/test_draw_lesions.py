"""Synthetic lesions: where they lie, what they change, and that the rest stays as it was."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from mia_ssl.features import draw_lesions as module
from mia_ssl.features.draw_lesions import draw_lesions
from scipy.ndimage import gaussian_filter


def disks(count=32, size=96, channels=1, seed=0):
    """Noisy gray disks on black, uint8 [N, C, S, S]."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:size, :size] - size / 2
    inside = rows**2 + columns**2 < (0.4 * size) ** 2
    gray = inside * (110 + rng.normal(0, 20, (count, channels, size, size)))
    return torch.from_numpy(gray.clip(0, 255).astype(np.uint8))


def drawn(images, seed=0):
    return draw_lesions(images, torch.Generator().manual_seed(seed))


def test_the_same_generator_draws_the_same():
    images = disks()
    before = images.clone()
    (a, b), (c, d) = drawn(images), drawn(images)
    assert torch.equal(a, c)
    assert torch.equal(b, d)
    assert torch.equal(images, before)
    assert not torch.equal(a, drawn(images, 1)[0])


@pytest.mark.parametrize("channels", [1, 3])
def test_labels_are_where_the_image_was_changed(channels):
    images = disks(channels=channels)
    changed, label = drawn(images)
    assert changed.dtype == torch.uint8
    assert changed.shape == images.shape
    assert label.dtype == torch.bool
    difference = (changed.float() - images.float()).mean(1)
    nearby = torch.nn.functional.max_pool2d(difference.abs()[:, None], 3, 1, 1)[:, 0]
    assert nearby[label].min() >= module.VISIBLE
    assert label.flatten(1).any(1).float().mean() > 0.8
    # Far from a lesion nothing changes: most pixels are those of before.
    assert (difference == 0).float().mean() > 0.6


def test_lesions_lie_in_the_foreground_and_have_the_stated_sizes():
    images = disks(64, 112)
    changed, label = drawn(images)
    background = images[:, 0] <= module.BACKGROUND
    outside = (label & background).sum() / label.sum()
    assert outside < 0.1
    # A radius of .2 of the side, an uneven border: at most a fifth of the image or so.
    shares = label.float().mean((1, 2))
    assert 0.004 < shares.median() < 0.06
    assert shares.max() < 0.25
    assert (changed != images)[:, 0][background].float().mean() < 0.05


def test_radius_and_softness_are_those_asked_for():
    """On plain images, a lesion of radius r covers about pi r^2, and its border is as wide."""
    plain = torch.full((48, 1, 96, 96), 120, dtype=torch.uint8)
    plain += (torch.arange(96) % 2).to(torch.uint8) * 20  # a unit of contrast

    def areas(**sizes):
        _, label = draw_lesions(plain, torch.Generator().manual_seed(2), **sizes)
        shares = label.float().mean((1, 2))
        return shares[shares > 0]

    small, large = (areas(radius=(r, r), softness=(0.04, 0.04)) for r in (0.08, 0.16))
    assert small.max() < 2 * np.pi * 0.08**2
    assert large.median() / small.median() == pytest.approx(4, rel=0.35)
    sharp, soft = (
        module._shapes(
            torch.ones(16, 96, 96, dtype=torch.bool),
            torch.full((16,), 20.0),
            (width, width),
            torch.Generator().manual_seed(0),
        )
        for width in (0.05, 0.5)
    )
    borders = [((each > 0.1) & (each < 0.9)).float().mean() for each in (sharp, soft)]
    assert borders[1] > 4 * borders[0]


def test_both_brighter_and_darker_lesions_are_drawn():
    images = disks(256)
    changed, label = drawn(images)
    signs = [
        float((c.float() - i.float())[0][m].mean()) > 0
        for c, i, m in zip(changed, images, label, strict=True)
        if m.any()
    ]
    assert 0.25 < np.mean(signs) < 0.75


def test_an_image_without_a_foreground_and_a_single_one_are_possible():
    black = torch.zeros(1, 1, 64, 64, dtype=torch.uint8)
    changed, label = drawn(black)
    assert changed.shape == black.shape
    assert not label[changed[:, 0] == 0].any()


def test_pieces_of_other_images_are_theirs(monkeypatch):
    """Of two plain images, each has a piece of the other's gray value."""
    monkeypatch.setattr(module, "KINDS", 3)
    monkeypatch.setattr(torch, "randint", _third_kind(torch.randint))
    images = torch.stack([torch.full((1, 64, 64), 60), torch.full((1, 64, 64), 200)])
    changed, label = drawn(images.to(torch.uint8))
    assert label.flatten(1).any(1).all()
    assert changed[0].max() > 190
    assert changed[1].min() < 70


def _third_kind(original):
    def randint(*bounds, **options):
        drawn = original(*bounds, **options)
        return torch.full_like(drawn, 2) if bounds[0] == module.KINDS else drawn

    return randint


def test_blur_is_scipys_around_the_border():
    image = torch.rand(2, 40, 50, generator=torch.Generator().manual_seed(0))
    got = module._blur(image, torch.tensor([1.5, 3.0]))
    for picture, values, sigma in zip(got, image, (1.5, 3.0), strict=True):
        expected = gaussian_filter(values.double().numpy(), sigma, mode="wrap", truncate=8)
        np.testing.assert_allclose(picture, expected, atol=1e-5)
