"""The network that finds lesions, against the same sums in another order, and its training."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from mia_ssl.feature_grid import Axis, FeatureGrid
from mia_ssl.features.lesion_network import WIDTH, LesionNetwork, train_lesion_network

GRIDS = [
    FeatureGrid(Axis(8, 0, 4), Axis(8, 0, 4)),
    FeatureGrid(Axis(4, 0, 8), Axis(4, 0, 8)),
]


def random_stages(count=20, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return [
        torch.randn(count, 5, 8, 8, generator=generator) * 3 + 1,
        torch.randn(count, 7, 4, 4, generator=generator) * 0.1 - 2,
    ]


def test_it_is_one_convolution_of_all_channels_at_the_finest_cells():
    stages = random_stages()
    network = LesionNetwork((5, 7))
    network.prepare(stages, torch.Generator().manual_seed(1))
    whole = [
        (stage - stage.mean((0, 2, 3), keepdim=True)) / stage.std((0, 2, 3), keepdim=True)
        for stage in stages
    ]
    joined = torch.cat([whole[0], GRIDS[1].onto(GRIDS[0], whole[1])], 1)
    first = torch.cat([layer.weight for layer in network.projections], 1)
    hidden = F.relu(F.conv2d(joined, first, network.projections[0].bias))
    hidden = F.relu(F.conv2d(hidden, network.middle.weight, network.middle.bias, padding=1))
    expected = F.conv2d(hidden, network.last.weight, network.last.bias)[:, 0]
    with torch.no_grad():
        torch.testing.assert_close(network(stages, GRIDS), expected, rtol=1e-4, atol=1e-5)


def test_dropped_channels_do_not_count():
    stages = random_stages()
    network = LesionNetwork((5, 7))
    network.prepare(stages, torch.Generator().manual_seed(1))
    keep = torch.ones(20, WIDTH, 1, 1)
    keep[:, 10:] = 0
    with torch.no_grad():
        dropped = network(stages, GRIDS, keep)
        network.middle.weight[:, 10:] = 0
        torch.testing.assert_close(network(stages, GRIDS), dropped)


def test_it_learns_to_find_what_was_changed_and_the_seed_decides():
    normal = random_stages(40)
    changed = [stage.clone() for stage in normal]
    covered = torch.zeros(40, 8, 8)
    places = np.random.default_rng(0).integers(1, 6, (40, 2))
    for number, (row, column) in enumerate(places):
        covered[number, row : row + 2, column : column + 2] = 1
    changed[0] += 4 * covered[:, None]
    found = []
    for seed, steps in ((3, 20), (3, 20), (4, 20), (3, 200)):
        generator = torch.Generator().manual_seed(seed)
        network = LesionNetwork((5, 7))
        network.prepare(normal, generator)
        train_lesion_network(
            network, (changed, covered), normal, GRIDS, steps=steps, generator=generator
        )
        found.append(network(changed, GRIDS))
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])
    inside, outside = found[3][covered == 1], found[3][covered == 0]
    assert (inside[:, None] > outside[None]).float().mean() > 0.95
    assert not any(parameter.requires_grad for parameter in network.parameters())
