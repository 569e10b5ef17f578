"""What the tests of the feature methods share: a network that needs no weights."""

from __future__ import annotations

from itertools import pairwise

import mia_ssl
import numpy as np
import pytest
import torch
from torch import nn


class SmallNetwork(nn.Module):
    """Stands for a backbone: three stages of strides 2, 4 and 8, random weights, no border."""

    channels = (6, 8, 10)
    strides = (2, 4, 8)

    def __init__(self, name="efficientnet-lite0", weights=None):
        super().__init__()
        self.register_buffer("weights_sha256", torch.zeros(32, dtype=torch.uint8))
        generator = torch.Generator().manual_seed(0)
        widths = (3, *self.channels)
        self._stages = [nn.ModuleList()]
        for before, after in pairwise(widths):
            layer = nn.Conv2d(before, after, 3, 2, 1)
            for parameter in layer.parameters():
                parameter.data = torch.randn(parameter.shape, generator=generator) * 0.4
            self._stages[0].append(nn.Sequential(layer, nn.ReLU()))

    def forward(self, x, stages):
        x = x.expand(-1, 3, -1, -1)
        features = []
        for layer in self._stages[0].to(x.device):
            x = layer(x)
            features.append(x)
        return [features[number] for number in stages]


@pytest.fixture
def small(monkeypatch):
    """(name, **options) -> a detector on the small network and images of 64 pixels."""
    monkeypatch.setattr("mia_ssl.features.detector.Backbone", SmallNetwork)

    def make(name, **options):
        return mia_ssl.build(
            name, **{"image_size": 64, "stages": (1, 2), "smoothing": 0, **options}
        )

    return make


@pytest.fixture(scope="session")
def waves():
    """(count, seed) -> alike images with noise, uint8 (N, 1, 64, 64)."""

    def make(count=24, seed=0):
        rng = np.random.default_rng(seed)
        x = np.linspace(0, 6, 64)
        wave = 120 + 40 * np.sin(x)[:, None] * np.cos(x)
        return (wave + rng.normal(0, 6, (count, 1, 64, 64))).clip(0, 255).astype(np.uint8)

    return make
