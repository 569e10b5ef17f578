"""Layers of f-anogan: those of the recipe, and the blocks as written in the paper's order."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch
from mia_recon.methods.f_anogan.network import DownBlock, FAnoGAN, UpBlock, draw
from torch import nn
from torch.nn import functional as F


@pytest.fixture(scope="module")
def whole():
    with torch.device("meta"):
        return {side: FAnoGAN(1, side, width=64, latent=128) for side in (64, 128)}


@pytest.mark.parametrize(
    ("side", "channels"),
    [(64, [512, 512, 256, 128, 64]), (128, [512, 512, 256, 256, 128, 64])],
)
def test_blocks_have_the_channels_of_the_original(whole, side, channels):
    network = whole[side]
    found = [(block.shortcut.in_channels, block.shortcut.out_channels) for block in up(network)]
    assert found == list(pairwise(channels))
    assert network.generator.first.out_features == 4 * 4 * 512
    downwards = channels[::-1]
    for trunk in (network.discriminator.features, network.encoder[0]):
        pairs = [(b.shortcut[1].in_channels, b.shortcut[1].out_channels) for b in down(trunk)]
        assert pairs == list(pairwise(downwards))
        assert (trunk[0].in_channels, trunk[0].out_channels) == (1, 64)
    assert network.discriminator.last.in_features == network.encoder[1].in_features == 4 * 4 * 512
    assert network.encoder[1].out_features == 128
    kinds = {nn.BatchNorm2d: network.encoder, nn.LayerNorm: network.discriminator}
    for kind, part in kinds.items():
        norms = [m for m in part.modules() if isinstance(m, (nn.BatchNorm2d, nn.LayerNorm))]
        assert len(norms) == 2 * (len(channels) - 1)
        assert {type(m) for m in norms} == {kind}


def up(network):
    return list(network.generator.blocks)


def down(trunk):
    return [m for m in trunk if isinstance(m, DownBlock)]


def test_shapes_and_ranges():
    network = FAnoGAN(3, 32, width=4, latent=5)
    draw(network, torch.Generator().manual_seed(0))
    x = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(1)) * 2 - 1
    code = network.encoder(x)
    assert (code.shape, float(code.detach().abs().max()) < 1) == ((2, 5), True)
    image = network.generator(3 * code)
    assert (image.shape, float(image.detach().abs().max()) <= 1) == (x.shape, True)
    assert network.discriminator(x).shape == (2,)


def test_blocks_are_those_of_the_paper_in_its_order():
    """Resizing before a convolution 1 x 1 or after it is the same."""
    x = torch.randn(2, 6, 8, 8, generator=torch.Generator().manual_seed(0))
    block = UpBlock(6, 4).eval()
    n1, _, _, c1, n2, _, c2 = block.body
    enlarged = x.repeat_interleave(4, 1)  # each channel four times, then spread over 2 x 2 places
    shortcut = block.shortcut(F.pixel_shuffle(enlarged, 2))
    body = F.pixel_shuffle(F.relu(n1(x)).repeat_interleave(4, 1), 2)
    expected = c2(F.relu(n2(c1(body)))) + shortcut
    torch.testing.assert_close(block(x), expected)
    assert (c1.bias is None, c2.bias is None) == (True, False)
    block = DownBlock(6, 4, 8, lambda n, side: nn.LayerNorm([n, side, side]))
    n1, _, c1, n2, _, _, c2 = block.body
    body = F.avg_pool2d(c2(F.relu(n2(c1(F.relu(n1(x)))))), 2)
    torch.testing.assert_close(block(x), body + block.shortcut[1](F.avg_pool2d(x, 2)))


def test_weights_are_drawn_from_the_generator():
    networks = [FAnoGAN(1, 32, width=16, latent=8) for _ in range(3)]
    for network, seed in zip(networks, (1, 1, 2), strict=True):
        draw(network, torch.Generator().manual_seed(seed))
    first, again, other = (network.state_dict() for network in networks)
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert not torch.equal(first["generator.first.weight"], other["generator.first.weight"])
    for layer in networks[0].modules():
        if isinstance(layer, nn.Conv2d) and layer.weight.numel() > 9000:
            fan_in = layer.in_channels * layer.kernel_size[0] ** 2
            assert float(layer.weight.detach().std()) == pytest.approx(
                math.sqrt(2 / fan_in), rel=0.05
            )
        if isinstance(layer, nn.Linear):
            bound = math.sqrt(6 / (layer.in_features + layer.out_features))
            assert float(layer.weight.detach().abs().max()) == pytest.approx(bound, rel=0.05)
        if isinstance(layer, (nn.Conv2d, nn.Linear)) and layer.bias is not None:
            assert not layer.bias.any()
