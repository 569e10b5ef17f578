"""Cosine distances, number by number."""

from __future__ import annotations

import math

import pytest
import torch
from mia_recon.losses.cosine import cosine_distance, cosine_distance_map


def slow(a, b):
    """1 - cosine of two lists of numbers, in plain Python."""
    dot = sum(x * y for x, y in zip(a, b, strict=True))
    return 1 - dot / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))


@pytest.fixture
def pair():
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(2, 5, 3, 4, generator=generator) for _ in range(2)]


def test_the_map_compares_the_channels_at_each_place(pair):
    a, b = pair
    got = cosine_distance_map(a, b)
    assert got.shape == (2, 1, 3, 4)
    for image in range(2):
        for row in range(3):
            for column in range(4):
                place = (image, slice(None), row, column)
                expected = slow(a[place].tolist(), b[place].tolist())
                assert float(got[image, 0, row, column]) == pytest.approx(expected, abs=1e-5)


def test_whole_images_are_compared_as_one_vector(pair):
    got = cosine_distance(*pair)
    for image, value in enumerate(got.tolist()):
        a, b = (features[image].flatten().tolist() for features in pair)
        assert value == pytest.approx(slow(a, b), abs=1e-5)


def test_the_length_does_not_matter_and_opposites_are_two_apart(pair):
    a, _ = pair
    torch.testing.assert_close(cosine_distance(a, 3 * a), torch.zeros(2), atol=1e-6, rtol=0)
    torch.testing.assert_close(cosine_distance(a, -a), torch.full((2,), 2.0))
