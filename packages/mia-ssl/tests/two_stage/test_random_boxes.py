"""Random sizes and places against their closed forms."""

from __future__ import annotations

import numpy as np
import torch
from mia_ssl.two_stage import random_boxes


def test_log_uniform_has_its_median_at_the_geometric_mean():
    u = torch.linspace(0, 1, 1001, dtype=torch.float64)
    values = random_boxes.log_uniform(u, 0.3, 3.3)
    np.testing.assert_allclose(values[[0, 500, 1000]], [0.3, np.sqrt(0.3 * 3.3), 3.3], rtol=1e-12)


def test_sides_have_the_area_and_aspect():
    area, aspect = torch.tensor([0.02, 0.15]), torch.tensor([0.3, 3.3])
    h, w = random_boxes.sides(area.double(), aspect.double(), 224, 224)
    np.testing.assert_allclose(h * w / 224**2, area, rtol=0.03)
    np.testing.assert_allclose(w / h, aspect, rtol=0.03)


def test_elsewhere_is_every_place_but_the_one_that_is_taken():
    # A 2 x 3 rectangle in a 4 x 5 image has 3 x 3 places.
    u = (torch.arange(8, dtype=torch.float64) + 0.5) / 8
    one = torch.ones(8, dtype=torch.int64)
    top, left = random_boxes.other_corners(u, (one, 2 * one), 2 * one, 3 * one, (4, 5))
    found = set(zip(top.tolist(), left.tolist(), strict=True))
    assert found == {(y, x) for y in range(3) for x in range(3)} - {(1, 2)}
