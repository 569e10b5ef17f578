"""What the tests of adapted features share: a network of three small stages."""

from __future__ import annotations

from itertools import pairwise

import mia_ssl
import numpy as np
import pytest
import torch
from mia_ssl._engine.backbones.source import Stages
from mia_ssl.adapted.network import AdaptedNetwork
from torch import nn


class SmallBackbone(nn.Module):
    """Stands for a backbone: stages of strides 2, 4 and 8 with BatchNorm, fixed random weights."""

    channels = (6, 8, 10)
    strides = (2, 4, 8)

    def __init__(self, name="resnet18", weights=None):
        super().__init__()
        self.name = name
        self.register_buffer("weights_sha256", torch.zeros(32, dtype=torch.uint8))
        self.reads = 0

    def make(self, device):
        widths = (3, *self.channels)
        with torch.random.fork_rng(devices=[]), device:
            stages = [
                nn.Sequential(nn.Conv2d(a, b, 3, 2, 1), nn.BatchNorm2d(b), nn.ReLU())
                for a, b in pairwise(widths)
            ]
        return Stages(stages).eval()

    def read(self):
        self.reads += 1
        self.weights_sha256.fill_(7)
        network = self.make(torch.device("cpu"))
        generator = torch.Generator().manual_seed(0)
        with torch.no_grad():
            for key, value in network.state_dict().items():
                if value.is_floating_point():
                    value.copy_(torch.rand(value.shape, generator=generator) - 0.2)
                if key.endswith("running_var"):
                    value.add_(1)
        return network

    def normalize(self, x):
        return (x - 0.5).expand(-1, 3, -1, -1) / 0.25


@pytest.fixture
def started():
    """(options) -> a small network with the weights that it starts from."""

    def make(**options):
        network = AdaptedNetwork(SmallBackbone(), **{"trained_stages": None, **options})
        network.start()
        return network

    return make


@pytest.fixture
def small(monkeypatch):
    """(name, options) -> a detector on the small network and images of 64 pixels."""
    monkeypatch.setattr("mia_ssl.adapted.detector.Backbone", SmallBackbone)

    def make(name, **options):
        return mia_ssl.build(name, **{"image_size": 64, "batch_size": 8, **options})

    return make


@pytest.fixture(scope="session")
def waves():
    """(count, seed, channels) -> alike images with noise, uint8 (N, C, 64, 64)."""

    def make(count=20, seed=0, channels=1):
        rng = np.random.default_rng(seed)
        x = np.linspace(0, 6, 64)
        wave = 120 + 40 * np.sin(x)[:, None] * np.cos(x)
        noise = rng.normal(0, 12, (count, channels, 64, 64)) + rng.normal(0, 9, (count, 1, 1, 1))
        return (wave + noise).clip(0, 255).astype(np.uint8)

    return make
