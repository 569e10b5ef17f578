"""The student of reverse distillation: layers of the original, features of the teacher's shapes."""

from __future__ import annotations

import math

import pytest
import torch
from mia_recon._engine.backbones import Backbone
from mia_recon.networks.reverse_distillation import ReverseDistillation, draw, stages_of
from torch import nn


def convolutions(module):
    return [
        (type(m).__name__[4:], m.in_channels, m.out_channels, m.kernel_size[0], m.stride[0])
        for m in module.modules()
        if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d))
    ]


@pytest.fixture(scope="module")
def original():
    """The original's sizes, without memory for their values."""
    with torch.device("meta"):
        return ReverseDistillation(Backbone("wide_resnet50_2"))


def test_the_embedding_is_that_of_the_original(original):
    first = convolutions(original.embedding.from_first)
    assert first == [("2d", 256, 512, 3, 2), ("2d", 512, 1024, 3, 2)]
    assert convolutions(original.embedding.from_second) == [("2d", 512, 1024, 3, 2)]
    block = [("2d", 2048, 1024, 1, 1), ("2d", 1024, 1024, 3, 1), ("2d", 1024, 2048, 1, 1)]
    assert convolutions(original.embedding.blocks) == [
        *[("2d", 3072, 1024, 1, 1), ("2d", 1024, 1024, 3, 2), ("2d", 1024, 2048, 1, 1)],
        ("2d", 3072, 2048, 1, 2),
        *block,
        *block,
    ]


def test_the_student_is_that_of_the_original(original):
    # Of strides 4, 8 and 16: planes 64, 128 and 256, four times as many channels outside.
    for stage, planes, blocks in zip(original.student, (64, 128, 256), (6, 4, 3), strict=True):
        inner, outer = 2 * planes, 4 * planes
        block = [("2d", outer, inner, 1, 1), ("2d", inner, inner, 3, 1), ("2d", inner, outer, 1, 1)]
        assert convolutions(stage) == [
            ("2d", 2 * outer, inner, 1, 1),
            ("Transpose2d", inner, inner, 2, 2),
            ("2d", inner, outer, 1, 1),
            ("Transpose2d", 2 * outer, outer, 2, 2),
            *block * (blocks - 1),
        ]


def test_no_convolution_has_a_bias_and_each_is_normalized(original):
    layers = [*original.embedding.modules(), *original.student.modules()]
    made = [m for m in layers if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d))]
    assert all(m.bias is None for m in made)
    assert sum(isinstance(m, nn.BatchNorm2d) for m in layers) == len(made)


def test_the_teacher_is_frozen_and_the_student_gives_its_shapes():
    backbone = Backbone("efficientnet-lite0")
    network = ReverseDistillation(backbone)
    x = torch.rand(2, 1, 64, 96, generator=torch.Generator().manual_seed(0)) * 2 - 1
    teacher, student = network(x)
    expected = backbone((x + 1) / 2, [1, 2, 3])
    shapes = [(2, 24, 16, 24), (2, 40, 8, 12), (2, 112, 4, 6)]
    assert [tuple(features.shape) for features in student] == shapes
    for got, wanted in zip(teacher, expected, strict=True):
        assert torch.equal(got, wanted)
        assert not got.requires_grad
    assert all(features.requires_grad for features in student)


@pytest.mark.parametrize(("name", "negative"), [("efficientnet-lite0", True), ("resnet18", False)])
def test_the_student_gives_negative_features_only_where_the_teacher_does(name, negative):
    network = ReverseDistillation(Backbone(name))
    draw(network, torch.Generator().manual_seed(0))
    code = torch.rand(2, network.backbone.channels[-1], 2, 2)
    for stage in reversed(network.student):
        code = stage(code)
        assert bool((code < 0).any()) == negative


def test_of_two_stages_of_a_stride_the_last_is_taken():
    assert stages_of(Backbone("resnet18")) == [1, 2, 3]
    with pytest.raises(ValueError, match=r"stages of strides \(4, 8, 16\), got 'vgg19'"):
        stages_of(Backbone("vgg19"))


def test_weights_are_drawn_by_fan_out_from_the_generator():
    first, again, other = (ReverseDistillation(Backbone("efficientnet-lite0")) for _ in range(3))
    for network, seed in ((first, 1), (again, 1), (other, 2)):
        draw(network, torch.Generator().manual_seed(seed))
    pairs = zip(first.parameters(), again.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)
    assert not torch.equal(first.student[0][1].body[0].weight, other.student[0][1].body[0].weight)
    layers = [m for m in first.modules() if isinstance(m, nn.Conv2d) and m.weight.numel() > 9000]
    for layer in layers:
        fan_out = layer.out_channels * layer.kernel_size[0] ** 2
        assert float(layer.weight.detach().std()) == pytest.approx(math.sqrt(2 / fan_out), rel=0.05)
    assert len(layers) > 10
