"""Hard shrinkage by its definition, and a memory that decodes mixtures of its slots."""

from __future__ import annotations

import torch
from mia_recon.methods.memae import shrink


def test_weights_below_the_threshold_go_and_the_rest_sums_to_one():
    weights = torch.tensor([[0.5, 0.3, 0.19, 0.01], [0.25, 0.25, 0.25, 0.25]])
    expected = torch.tensor([[0.5, 0.3, 0.19, 0.0], [0.25, 0.25, 0.25, 0.25]])
    expected = expected / expected.sum(1, keepdim=True)
    torch.testing.assert_close(shrink(weights, 0.05), expected)


def test_a_reconstruction_is_decoded_from_the_slots_alone(small, x):
    network = small("memae").network.eval()
    reconstruction, weights = network(x)
    torch.testing.assert_close(weights.sum(1), torch.ones(len(x)))
    code = sum(weights[:, [slot]] * network.memory.weight[slot] for slot in range(25))
    torch.testing.assert_close(reconstruction, network.autoencoder.decode(code))
