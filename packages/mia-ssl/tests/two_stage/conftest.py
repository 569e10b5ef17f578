"""What the tests of the two-stage methods share: images that tell where their pixels come from."""

from __future__ import annotations

import mia_ssl
import numpy as np
import pytest
import torch
import torchvision


@pytest.fixture(scope="session")
def coordinates():
    """(count, size) -> uint8 (N, 3, S, S): red is the row, green the column, blue the image."""

    def make(count: int = 32, size: int = 224) -> torch.Tensor:
        rows, columns = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
        images = torch.stack([rows, columns, torch.zeros_like(rows)]).to(torch.uint8)
        images = images.repeat(count, 1, 1, 1)
        images[:, 2] = torch.arange(count, dtype=torch.uint8)[:, None, None]
        return images

    return make


@pytest.fixture(scope="session")
def colors():
    """(count, size) -> smooth random color images, uint8 (N, 3, S, S), values 40 to 215."""

    def make(count: int = 8, size: int = 224) -> torch.Tensor:
        generator = torch.Generator().manual_seed(0)
        coarse = torch.rand(count, 3, 9, 9, generator=generator)
        smooth = torch.nn.functional.interpolate(coarse, size=size, mode="bilinear")
        return (40 + 175 * smooth).to(torch.uint8)

    return make


@pytest.fixture(scope="session")
def chest():
    """(size) -> a chest-like phantom, uint8 (S, S), and its two lungs, bool (S, S)."""

    def make(size: int = 224) -> tuple[np.ndarray, np.ndarray]:
        y, x = np.mgrid[:size, :size] / size - 0.5
        body = (x / 0.46) ** 2 + (y / 0.6) ** 2 < 1
        lungs = ((np.abs(x) - 0.19) / 0.12) ** 2 + ((y + 0.02) / 0.3) ** 2 < 1
        noise = np.random.default_rng(0).normal(0, 4, (size, size))
        image = np.where(lungs, 60, np.where(body, 170, 0)) + noise * body
        return image.round().clip(0, 255).astype(np.uint8), lungs

    return make


@pytest.fixture(scope="session")
def noise():
    """(count, channels, size) -> uint8 (N, C, S, S), blocks of random gray with some structure."""

    def make(count: int = 6, channels: int = 1, size: int = 64) -> np.ndarray:
        coarse = np.random.default_rng(0).integers(30, 220, (count, channels, 8, 8), np.uint8)
        return coarse.repeat(size // 8, axis=2).repeat(size // 8, axis=3)

    return make


@pytest.fixture(scope="session")
def build():
    """(name, **options) -> a detector small enough to be trained in a test."""

    def make(name: str = "cutpaste-2stage", **options):
        small = {"image_size": 64, "batch_size": 3, "steps_per_epoch": 2, "epochs": 2}
        return mia_ssl.build(name, **{**small, **options})

    return make


@pytest.fixture
def trunk_file(tmp_path):
    """(backbone) -> path of a state dict of random values, with a classifier, and its tensors."""

    def make(backbone: str = "resnet18"):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(7)
            state = torchvision.models.get_model(backbone, weights=None).state_dict()
        torch.save(state, tmp_path / f"{backbone}.pth")
        return tmp_path / f"{backbone}.pth", state

    return make
