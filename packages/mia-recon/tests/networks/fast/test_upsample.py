"""UpsampleConv2d against PyTorch's transposed convolution, forward and backward."""

from contextlib import nullcontext

import pytest
import torch
from mia_recon.networks.fast import UpsampleConv2d, frozen
from mia_recon.networks.fast.upsample import ByBlocks
from torch.nn import functional


@pytest.mark.parametrize("biased", [True, False])
@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize("size", [(1, 1), (4, 4), (3, 5)])
def test_equals_the_transposed_convolution(channels, size, biased):
    generator = torch.Generator().manual_seed(channels)

    def draw(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    arguments = [draw(2, 5, *size), draw(5, channels, 4, 4)] + [draw(channels)] * biased
    for argument in arguments:
        argument.requires_grad_()
    result = ByBlocks.apply(*arguments, *[None] * (not biased), None)
    expected = functional.conv_transpose2d(*arguments, stride=2, padding=1)
    torch.testing.assert_close(result, expected)
    upstream = draw(*expected.shape)
    torch.testing.assert_close(
        torch.autograd.grad(result, arguments, upstream),
        torch.autograd.grad(expected, arguments, upstream),
    )


def test_its_gradient_has_a_gradient():
    x, weight, bias = (
        torch.randn(shape, dtype=torch.float64, requires_grad=True)
        for shape in [(1, 2, 2, 2), (2, 1, 4, 4), (1,)]
    )
    assert torch.autograd.gradgradcheck(ByBlocks.apply, (x, weight, bias, None))


@pytest.mark.parametrize("channels", [1, 2, 3, 8])
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("freezing", [frozen, nullcontext])
def test_layer_gives_the_same_whichever_way_it_takes(channels, training, freezing):
    layer = UpsampleConv2d(4, channels)
    x = torch.randn(2, 4, 6, 6).contiguous(memory_format=torch.channels_last)
    with torch.set_grad_enabled(training), freezing(layer):
        result = layer(x)
    expected = functional.conv_transpose2d(x, layer.weight, stride=2, padding=1)
    torch.testing.assert_close(result, expected)
    assert layer(x, [13, 13]).shape == (2, channels, 13, 13)  # as its base class can


@pytest.mark.parametrize("channels", [1, 3])
def test_learns_in_bf16(channels):
    layer = UpsampleConv2d(4, channels)
    x = torch.randn(2, 4, 6, 6, requires_grad=True)
    with torch.autocast("cpu", torch.bfloat16):
        result = layer(x)
    assert result.dtype == torch.bfloat16
    expected = functional.conv_transpose2d(x, layer.weight, stride=2, padding=1)
    torch.testing.assert_close(result.float(), expected, atol=0.02, rtol=0.02)
    upstream = torch.randn_like(expected)
    gradients = torch.autograd.grad(result, (x, layer.weight), upstream.bfloat16())
    assert {gradient.dtype for gradient in gradients} == {torch.float32}
    torch.testing.assert_close(
        gradients,
        torch.autograd.grad(expected, (x, layer.weight), upstream),
        atol=0.2,
        rtol=0.02,
    )
