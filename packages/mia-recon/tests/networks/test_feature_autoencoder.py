"""The feature autoencoder: the study's shapes and features, and dropout by channel."""

from __future__ import annotations

import pytest
import torch
import torchvision
from mia_recon._engine.backbones import Backbone
from mia_recon.networks.feature_autoencoder import FeatureAutoEncoder
from torch.nn import functional as F


@pytest.fixture
def study(tmp_path):
    """The study's network, with a ResNet18 of random weights, and that ResNet18."""
    resnet = torchvision.models.resnet18().eval()
    torch.save(resnet.state_dict(), tmp_path / "resnet.pth")
    backbone = Backbone("resnet18", str(tmp_path / "resnet.pth"))
    return FeatureAutoEncoder(backbone, depth=4, dropout=0.1).eval(), resnet


def test_features_are_the_joined_layers_of_the_study(study):
    network, resnet = study
    gray = torch.rand(2, 1, 128, 128, generator=torch.Generator().manual_seed(0))
    x = torchvision.transforms.functional.normalize(
        gray.expand(-1, 3, -1, -1), [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    )
    with torch.no_grad():
        layer0 = resnet.maxpool(resnet.relu(resnet.bn1(resnet.conv1(x))))
        layer1 = resnet.layer1(layer0)
        layer2 = resnet.layer2(layer1)
    layer2 = F.interpolate(layer2, size=(32, 32), mode="bilinear", align_corners=True)
    expected = torch.cat([layer0, layer1, layer2], 1)
    assert expected.shape == (2, 256, 32, 32)
    torch.testing.assert_close(network.features(2 * gray - 1), expected, rtol=1e-4, atol=1e-4)


def test_layers_are_those_of_the_study(study):
    network, _ = study
    shapes = [tuple(p.shape) for p in network.parameters() if p.ndim == 4]
    assert shapes == [
        *[(100, 256, 5, 5), (150, 100, 5, 5), (200, 150, 5, 5), (300, 200, 5, 5)],
        (300, 300, 5, 5),
        *[(300, 200, 6, 6), (200, 150, 6, 6), (150, 100, 6, 6), (100, 256, 6, 6)],
        (256, 256, 1, 1),
    ]
    features = torch.randn(1, 256, 32, 32)
    sides = []
    for block in (*network.encoder, network.middle, *network.decoder):
        features = block(features)
        sides.append(features.shape[-1])
    assert sides == [16, 8, 4, 2, 2, 4, 8, 16, 32]


def test_scaled_features_have_a_deviation_of_one_on_the_training_images():
    x = torch.rand(6, 1, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    x[:3] *= 0.3
    raw, scaled = (
        FeatureAutoEncoder(Backbone("efficientnet-lite0"), depth=1, dropout=0, is_scaled=is_scaled)
        for is_scaled in (False, True)
    )
    for network in (raw, scaled):
        network.set_scale(x.split(2))
    expected = raw.features(x) / raw.features(x).std((0, 2, 3), keepdim=True)
    torch.testing.assert_close(scaled.features(x), expected, rtol=1e-3, atol=1e-3)
    # As they are they are much larger than what a new network gives.
    assert float(raw.features(x).std()) > 3


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_features_come_back_in_their_shape(depth):
    backbone = Backbone("efficientnet-lite0")
    network = FeatureAutoEncoder(backbone, depth=depth, dropout=0.1)
    features = network.features(torch.zeros(2, 1, 64, 64))
    assert features.shape == (2, 24 + 40 + 112, 16, 16)
    assert not features.requires_grad
    assert network.reconstruct(features).shape == features.shape


def test_dropout_sets_whole_channels_to_zero_and_keeps_the_mean():
    network = FeatureAutoEncoder(Backbone("efficientnet-lite0"), depth=1, dropout=0.3)
    ones = torch.ones(40, 50, 4, 4)
    dropped = network._drop(ones, torch.Generator().manual_seed(0))
    assert torch.equal(dropped.amax((2, 3)), dropped.amin((2, 3)))
    assert float((dropped == 0).float().mean()) == pytest.approx(0.3, abs=0.03)
    assert float(dropped.mean()) == pytest.approx(1, abs=0.05)
    assert torch.equal(dropped, network._drop(ones, torch.Generator().manual_seed(0)))
    assert network._drop(ones, None) is ones
