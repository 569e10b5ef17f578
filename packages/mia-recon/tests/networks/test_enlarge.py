"""Enlarging pixel by pixel is the transposed convolution, forwards and backwards."""

import pytest
import torch
from mia_recon.networks.enlarge import Enlarge, by_pixel
from torch.nn import functional


@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize("size", [(1, 1), (4, 4), (3, 5)])
def test_equals_the_transposed_convolution(channels, size):
    generator = torch.Generator().manual_seed(channels)
    x = torch.randn(2, 5, *size, generator=generator, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(5, channels, 4, 4, generator=generator, dtype=torch.float64)
    weight.requires_grad_()
    bias = torch.randn(channels, generator=generator, dtype=torch.float64)
    expected = functional.conv_transpose2d(x, weight, bias, stride=2, padding=1)
    result = by_pixel(x, weight, bias)
    torch.testing.assert_close(result, expected)
    upstream = torch.randn(expected.shape, generator=generator, dtype=torch.float64)
    torch.testing.assert_close(
        torch.autograd.grad(result, (x, weight), upstream),
        torch.autograd.grad(expected, (x, weight), upstream),
    )


@pytest.mark.parametrize("channels", [1, 2, 3, 8])
@pytest.mark.parametrize("training", [True, False])
def test_layer_gives_the_same_whichever_way_it_takes(channels, training):
    layer = Enlarge(4, channels)
    x = torch.randn(2, 4, 6, 6).contiguous(memory_format=torch.channels_last)
    with torch.set_grad_enabled(training):
        result = layer(x)
    expected = functional.conv_transpose2d(x, layer.weight, stride=2, padding=1)
    torch.testing.assert_close(result, expected)
