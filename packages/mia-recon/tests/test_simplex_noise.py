"""Simplex noise against a plain loop over points, and its statistics."""

import math

import numpy as np
import pytest
import torch
from mia_recon.simplex_noise import _GRADIENTS, _RADIUS, _SCALE, octave_noise, simplex_noise


def plain(point, hashes):
    """The noise at a point: the corners of its simplex in the order of the largest coordinate."""
    cell = [math.floor(c + sum(point) / 3) for c in point]
    offset = [c - (i - sum(cell) / 6) for c, i in zip(point, cell, strict=True)]
    order = sorted(range(3), key=lambda axis: (-offset[axis], axis))
    corner, total = [0, 0, 0], 0.0
    for number in range(4):
        if number:
            corner[order[number - 1]] = 1
        vector = [o - c + number / 6 for o, c in zip(offset, corner, strict=True)]
        hashed = 0
        for axis in (2, 1, 0):
            hashed = int(hashes[(cell[axis] + corner[axis] + hashed) % 256])
        reach = max(0.0, _RADIUS - sum(v * v for v in vector))
        slope = sum(g * v for g, v in zip(_GRADIENTS[hashed % 12], vector, strict=True))
        total += reach**4 * slope
    return _SCALE * total


def test_noise_equals_a_plain_loop():
    generator = torch.Generator().manual_seed(0)
    hashes = torch.stack([torch.randperm(256, generator=generator) for _ in range(2)])
    points = torch.rand(2, 40, 3, generator=generator, dtype=torch.float64) * 600 - 300
    found = simplex_noise(points, hashes)
    expected = [[plain(p, h) for p in own.tolist()] for own, h in zip(points, hashes, strict=True)]
    np.testing.assert_allclose(found, expected, atol=1e-10)
    ties = torch.tensor([[[1.5, 1.5, 1.5], [2.0, 2.0, 0.0], [0.0, 0.0, 0.0]]], dtype=torch.float64)
    expected = [[plain(p, hashes[0]) for p in ties[0].tolist()]]
    np.testing.assert_allclose(simplex_noise(ties, hashes[:1]), expected, atol=1e-10)


def test_noise_is_continuous_and_has_the_deviation_of_opensimplex():
    generator = torch.Generator().manual_seed(1)
    hashes = torch.randperm(256, generator=generator)[None]
    points = torch.rand(1, 100_000, 3, generator=generator) * 256
    found = simplex_noise(points, hashes)
    assert found.mean() == pytest.approx(0, abs=5e-3)
    assert found.std() == pytest.approx(0.3136, abs=5e-3)  # the package opensimplex 0.4.5 there
    assert (simplex_noise(points + 1e-3, hashes) - found).abs().max() < 0.01


def test_octaves_are_summed_with_their_weights():
    def draw(**settings):
        generator = torch.Generator().manual_seed(2)
        return octave_noise((2, 3, 16, 16), torch.tensor([5, 9]), generator, **settings)

    one, two = draw(octaves=1), draw(octaves=2, persistence=0.5)
    finer = draw(octaves=1, scale=32.0)
    torch.testing.assert_close(two, one + 0.5 * finer)
    flat = draw().flatten(0, 1)
    assert all(not torch.equal(flat[i], flat[j]) for i in range(6) for j in range(i))
