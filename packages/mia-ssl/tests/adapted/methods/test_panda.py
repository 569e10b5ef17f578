"""Loss and penalty of panda against closed forms."""

from __future__ import annotations

import pytest
import torch
from mia_ssl._engine.backbones import Backbone
from mia_ssl.adapted.methods.panda import (
    PANDA,
    ElasticPenalty,
    PandaOptions,
    compactness,
    make_penalty,
    read_fisher,
)
from mia_ssl.adapted.network import AdaptedNetwork


def test_compactness_is_the_squared_distance_by_the_width():
    features = torch.tensor([[3.0, 4.0], [1.0, 1.0]])
    center = torch.tensor([0.0, 1.0])
    # Squared distances 9 + 9 and 1 + 0, each divided by 2.
    assert float(compactness(features, center)) == pytest.approx((9 + 0.5) / 2)


def test_the_penalty_is_half_the_weighted_square_of_the_way(started):
    network = started(trained_stages=1)
    name = "stages.2.0.weight"
    weight = dict(network.trunk.named_parameters())[name]
    fisher = torch.rand(weight.shape, generator=torch.Generator().manual_seed(0))
    penalty = ElasticPenalty(network, {name: fisher}, 100.0)
    assert float(penalty().detach()) == 0
    with torch.no_grad():
        weight += 0.3
    assert float(penalty().detach()) == pytest.approx(50 * float(fisher.sum()) * 0.3**2, rel=1e-5)
    penalty().backward()
    torch.testing.assert_close(weight.grad, 100 * fisher * 0.3, rtol=1e-4, atol=1e-5)


@pytest.fixture
def resnet():
    return AdaptedNetwork(Backbone("resnet18"), trained_stages=2)


def test_a_file_of_the_fisher_information_has_torchvisions_names(resnet, tmp_path):
    import torchvision

    state = {
        name: torch.full_like(value, number)
        for number, (name, value) in enumerate(torchvision.models.resnet18().named_parameters())
    }
    torch.save(state, tmp_path / "fisher.pth")
    found = read_fisher(tmp_path / "fisher.pth", resnet)
    assert len(found) == sum(p.requires_grad for p in resnet.parameters())
    assert torch.equal(found["stages.4.1.conv2.weight"], state["layer4.1.conv2.weight"])
    assert torch.equal(found["stages.3.0.bn1.bias"], state["layer3.0.bn1.bias"])
    options = PandaOptions(backbone="resnet18", fisher=tmp_path / "fisher.pth")
    assert float(make_penalty(resnet, options)().detach()) == 0


def test_files_that_do_not_fit_are_refused(resnet, tmp_path):
    path = tmp_path / "fisher.pth"
    with pytest.raises(FileNotFoundError, match=r"expected fisher to be a file .* does not exist"):
        read_fisher(path, resnet)
    torch.save({"layer3.0.conv1.weight": torch.ones(3)}, path)
    with pytest.raises(ValueError, match=r"0 or above for layer3\.0\.conv1\.weight of .* got \(3,"):
        read_fisher(path, resnet)
    torch.save({"layer3.0.conv1.weight": -torch.ones(256, 128, 3, 3)}, path)
    with pytest.raises(ValueError, match="0 or above"):
        read_fisher(path, resnet)


def test_the_defaults_are_the_originals():
    info, options = PANDA.info, PandaOptions()
    assert (info.epochs, info.batch_size, info.learning_rate) == (15, 32, 1e-2)
    assert (info.image_size, info.image_size * PANDA.crop) == (256, 224)
    assert (options.backbone, options.trained_stages, options.fisher) == ("resnet152", 2, None)
    assert (options.fisher_weight, options.weight_decay) == (1e4, 5e-5)
    assert (PANDA.momentum, PANDA.clip_norm, PANDA.unit_length) == (0.9, 1e-3, False)
