"""The blur of maps equals SciPy's."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from mia_recon.gaussian_blur import gaussian_blur
from scipy.ndimage import gaussian_filter


@pytest.mark.parametrize("sigma", [0.3, 1.5, 4.0])
@pytest.mark.parametrize("shape", [(40, 40), (9, 31), (3, 5)])  # also smaller than the window
def test_it_is_scipys_with_the_border_mirrored(sigma, shape):
    maps = torch.rand(2, 1, *shape, generator=torch.Generator().manual_seed(0))
    expected = np.stack([gaussian_filter(m[0].double().numpy(), sigma) for m in maps])
    np.testing.assert_allclose(gaussian_blur(maps, sigma)[:, 0], expected, rtol=1e-5)


def test_a_deviation_of_zero_changes_nothing():
    maps = torch.rand(1, 1, 5, 5, generator=torch.Generator().manual_seed(0))
    assert torch.equal(gaussian_blur(maps, 0), maps)
