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


def test_whole_numbers_reach_both_ends_and_are_as_likely():
    numbers = torch.arange(0, 1, 1 / 600, dtype=torch.float64)
    values, counts = random_boxes.whole_uniform(numbers, 150, 254).unique(return_counts=True)
    assert values.tolist() == list(range(150, 255))
    assert set(counts.tolist()) <= {5, 6}
