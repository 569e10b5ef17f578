"""Blobs against SciPy's Gaussian in the frequency domain and NumPy, image by image."""

from __future__ import annotations

import numpy as np
import torch
from mia_recon.blob_noise import Blobs, draw_blobs, make_blobs, smooth
from scipy.ndimage import fourier_gaussian

SIZE = 24


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def blurred(white, radius):
    """Noise blurred around the border, to deviation 1, in float64."""
    transformed = fourier_gaussian(np.fft.fft2(white.double().numpy()), float(radius))
    field = np.fft.ifft2(transformed).real
    return field / field.std(ddof=1)


def test_noise_is_blurred_by_a_gaussian_to_deviation_1():
    white = torch.randn(2, 3, 40, 40, generator=seeded())
    radii = torch.tensor([1.5, 6.0])
    got = smooth(white, radii)
    for image in range(2):
        for channel in range(3):
            expected = blurred(white[image, channel], radii[image])
            np.testing.assert_allclose(got[image, channel], expected, rtol=0, atol=1e-4)


def test_blobs_are_those_written_out():
    drawn = Blobs(
        texture=torch.randn(3, 2, 2 * SIZE, 2 * SIZE, generator=seeded(1)),
        shape=torch.randn(3, 1, 2 * SIZE, 2 * SIZE, generator=seeded(2)),
        texture_radius=torch.tensor([0.4, 2.0, 3.0]),
        shape_radius=torch.tensor([3.0, 1.0, 2.0]),
        threshold=torch.tensor([0.1, 0.5, 1.0]),
        power=torch.tensor([2.0, 0.5, 1.2]),
    )
    x = torch.rand(3, 2, SIZE, SIZE, generator=seeded(3)) * 2 - 1
    got = make_blobs(x, drawn)
    for n in range(3):
        shape = blurred(drawn.shape[n, 0], drawn.shape_radius[n])[:SIZE, :SIZE]
        mask = np.maximum(shape - float(drawn.threshold[n]), 0) ** float(drawn.power[n])
        assert 0.02 < (mask > 0).mean() < 0.9
        for channel in range(2):
            texture = blurred(drawn.texture[n, channel], drawn.texture_radius[n])[:SIZE, :SIZE]
            expected = float(x[n].double().std()) * texture * mask
            np.testing.assert_allclose(got[n, channel], expected, rtol=0, atol=1e-3)


def test_what_is_drawn_lies_in_the_paper_s_ranges(monkeypatch):
    seen = []
    monkeypatch.setattr("mia_recon.blob_noise.make_blobs", lambda x, drawn: seen.append(drawn))
    draw_blobs(torch.zeros(500, 1, 16, 16), seeded(4))
    ranges = {"texture_radius": (1, 17), "shape_radius": (1, 17)}  # of 128 px: an eighth here
    ranges |= {"threshold": (0, 16), "power": (0.08, 16.08)}
    for name, (low, high) in ranges.items():
        values = 8 * getattr(seen[0], name)
        assert low <= float(values.min()) < low + 0.05 * (high - low)
        assert high - 0.05 * (high - low) < float(values.max()) <= high
        assert abs(float(values.mean()) - (low + high) / 2) < 0.05 * (high - low)
    assert seen[0].texture.shape == seen[0].shape.shape == (500, 1, 32, 32)


def test_the_generator_decides_the_blobs_of_each_image():
    x = torch.rand(3, 3, 32, 32, generator=seeded())
    first = draw_blobs(x, seeded(5))
    assert torch.equal(first, draw_blobs(x, seeded(5)))
    assert not torch.equal(first, draw_blobs(x, seeded(6)))
    assert not torch.allclose(first[0], first[1])
    assert not torch.allclose(first[0, 0], first[0, 1])  # colored
