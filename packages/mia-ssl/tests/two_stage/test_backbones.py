"""Trunks of torchvision's networks give the input of their classifier."""

from __future__ import annotations

import pytest
import torch
from mia_ssl.two_stage.backbones import make_trunk, names
from torch import nn


@pytest.mark.parametrize(
    ("name", "width"),
    [("resnet18", 512), ("resnet50", 2048), ("densenet121", 1024), ("efficientnet_b0", 1280)],
)
def test_embedding_width(name, width):
    trunk, known = make_trunk(name)
    with torch.inference_mode():
        embedding = trunk.eval()(torch.zeros(1, 3, 64, 64))
    assert embedding.shape == (1, width)
    assert known == width


def test_embedding_is_the_classifiers_input():
    trunk, _ = make_trunk("resnet18")
    assert isinstance(trunk.fc, nn.Identity)
    trunk.fc = nn.Flatten()
    x = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        pooled = trunk.eval()(x)
        grid = trunk.layer4(
            trunk.layer3(
                trunk.layer2(trunk.layer1(trunk.maxpool(trunk.relu(trunk.bn1(trunk.conv1(x))))))
            )
        )
    torch.testing.assert_close(pooled, grid.mean((2, 3)))


def test_only_classification_networks_are_backbones():
    assert "resnet18" in names()
    assert "fcn_resnet50" not in names()
    with pytest.raises(ValueError, match="did you mean 'resnet18'"):
        make_trunk("resnet_18")
    with pytest.raises(ValueError, match="no linear classifier"):
        make_trunk("squeezenet1_0")
