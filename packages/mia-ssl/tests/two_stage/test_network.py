"""The network against the original's parameters and golden logits."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torchvision
from mia_ssl._engine.seeding import generator
from mia_ssl.two_stage.network import draw_network, normalize, projection


def test_parameters_are_those_of_the_original(original_shapes):
    network = draw_network("resnet18", (512, 128), 2, generator(0, 0))
    ours = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    theirs = original_shapes("two-stage")
    assert ours == {key.replace("resnet18.", "trunk."): shape for key, shape in theirs.items()}


def test_golden_logits(golden, golden_weights, original_shapes):
    values = golden("two-stage")
    weights = golden_weights(original_shapes("two-stage"), int(values["seed"]))
    network = draw_network("resnet18", (512, 128), 2, generator(0, 0)).eval()
    renamed = {key.replace("resnet18.", "trunk."): value for key, value in weights.items()}
    network.load_state_dict(renamed)
    with torch.inference_mode():
        logits = network.classify(torch.from_numpy(values["test_embedding"]))
    np.testing.assert_allclose(logits, values["logits"], rtol=1e-4)


@pytest.mark.parametrize("backbone", ["resnet18", "efficientnet_b0", "googlenet"])
def test_trunk_is_drawn_as_torchvision_draws_it(backbone):
    draws = generator(3, 0)
    ours = draw_network(backbone, (8,), 2, draws).trunk.state_dict()
    options = {"init_weights": True, "aux_logits": False} if backbone == "googlenet" else {}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(draws.initial_seed())
        theirs = torchvision.models.get_model(backbone, weights=None, **options).state_dict()
    assert all(torch.equal(value, theirs[key]) for key, value in ours.items())


def test_filters_of_resnet18_have_hes_deviation_by_fan_out():
    trunk = draw_network("resnet18", (512, 128), 2, generator(0, 0)).trunk
    for layer in (trunk.conv1, trunk.layer3[0].conv1, trunk.layer4[1].conv2):
        fan_out = layer.weight[:, 0].numel()
        expected = (2 / fan_out) ** 0.5
        assert layer.weight.std().item() == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize("backbone", ["resnet18", "swin_t"])
def test_all_weights_come_from_the_generator(backbone):
    first = draw_network(backbone, (8,), 2, generator(3, 0)).state_dict()
    torch.rand(1)  # the global generator has moved on
    again = draw_network(backbone, (8,), 2, generator(3, 0)).state_dict()
    assert all(torch.equal(value, again[key]) for key, value in first.items())


def test_drawing_leaves_the_global_generator_alone():
    before = torch.get_rng_state()
    draw_network("resnet18", (8,), 2, generator(0, 0))
    assert torch.equal(torch.get_rng_state(), before)


def test_projection_has_linear_batchnorm_relu_for_each_width():
    head = projection(6, (5, 4))
    assert [type(layer).__name__ for layer in head] == ["Linear", "BatchNorm1d", "ReLU"] * 2
    assert head(torch.rand(3, 6)).shape == (3, 4)


def test_normalizations():
    images = torch.tensor([0, 128, 255], dtype=torch.uint8).view(3, 1, 1, 1)
    half = normalize(images, "half")
    assert half.shape == (3, 3, 1, 1)
    np.testing.assert_allclose(half[:, 0, 0, 0], [-1, 128 / 127.5 - 1, 1], atol=1e-6)
    imagenet = normalize(images, "imagenet")
    expected = (1 - torch.tensor([0.485, 0.456, 0.406])) / torch.tensor([0.229, 0.224, 0.225])
    np.testing.assert_allclose(imagenet[2, :, 0, 0], expected, rtol=1e-6)
