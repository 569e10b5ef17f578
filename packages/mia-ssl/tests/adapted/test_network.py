"""Features of an adapted network, what it trains, and where it starts."""

from __future__ import annotations

import pytest
import torch
from mia_ssl._engine.backbones import Backbone
from mia_ssl.adapted.network import AdaptedNetwork, center_crop
from torchvision.transforms import functional as tv

LITE = "efficientnet-lite0"


@pytest.fixture
def images():
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (3, 3, 64, 64), dtype=torch.uint8, generator=generator)


def test_features_at_the_start_are_the_backbones_means(images):
    backbone = Backbone(LITE)
    network = AdaptedNetwork(Backbone(LITE), trained_stages=2)
    network.start()
    (cells,) = backbone(images.float() / 255, [4])
    got = network(images)
    torch.testing.assert_close(got, cells.mean((2, 3)), rtol=1e-4, atol=1e-5)
    assert network.width == got.shape[1] == 320
    assert torch.equal(network.backbone.weights_sha256, backbone.weights_sha256)


def test_features_can_have_length_1(images, started):
    raw, scaled = started()(images), started(unit_length=True)(images)
    torch.testing.assert_close(scaled, raw / raw.norm(dim=1, keepdim=True))


def test_gray_images_are_three_equal_channels(images, started):
    gray = images[:, :1]
    torch.testing.assert_close(started()(gray), started()(gray.expand(-1, 3, -1, -1)))


@pytest.mark.parametrize("size", [64, 224, 256])
def test_the_crop_is_torchvisions(size):
    images = torch.arange(size * size).view(1, 1, size, size)
    expected = tv.center_crop(images, [round(size * 0.875)] * 2)
    assert torch.equal(center_crop(images, 0.875), expected)
    assert torch.equal(center_crop(images, 1.0), images)


@pytest.mark.parametrize("name", [LITE, "resnet18"])
@pytest.mark.parametrize("count", [1, 2, 5])
def test_only_the_last_stages_are_trained(name, count):
    network = AdaptedNetwork(Backbone(name), trained_stages=count)
    for number, stage in enumerate(network.trunk.stages):
        assert {p.requires_grad for p in stage.parameters()} == {number >= 5 - count}
    everything = AdaptedNetwork(Backbone(name), trained_stages=None)
    assert all(p.requires_grad for p in everything.parameters())


def test_it_never_leaves_evaluation_mode(started):
    network = started().train()
    assert not any(module.training for module in network.modules())


def test_too_many_stages_are_refused():
    with pytest.raises(ValueError, match=r"number of stages of 'resnet18', got 6 of 5"):
        AdaptedNetwork(Backbone("resnet18"), trained_stages=6)
    with pytest.raises(ValueError, match="'timm:resnet10t', got 2 of none that can be told apart"):
        AdaptedNetwork(Backbone("timm:resnet10t"), trained_stages=2)
