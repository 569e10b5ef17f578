"""ConvNormReLU against PyTorch's three layers, frozen and not."""

import pytest
import torch
from mia_recon.networks.fast import ConvNormReLU, UpsampleConv2d, conv_norm_relu, frozen
from torch import nn


def drawn(make, norm=nn.BatchNorm2d) -> ConvNormReLU:
    """A block in float64 whose BatchNorm has seen images, with weights unlike its first."""
    block = make(norm).double()
    generator = torch.Generator().manual_seed(0)
    convolution, normalization, _ = block
    nn.init.normal_(convolution.weight, generator=generator)
    nn.init.uniform_(normalization.weight, 0.5, 2, generator=generator)
    nn.init.normal_(normalization.bias, generator=generator)
    for _ in range(3):
        block(0.3 + images(generator))
    return block.eval()


def images(generator=None):
    generator = generator or torch.Generator().manual_seed(1)
    return torch.randn(4, 3, 8, 8, generator=generator, dtype=torch.float64)


BLOCKS = {
    "halve": lambda norm: ConvNormReLU(
        nn.Conv2d(3, 8, 4, stride=2, padding=1, bias=False), norm(8)
    ),
    "double": lambda norm: ConvNormReLU(UpsampleConv2d(3, 8), norm(8)),
    "double to few": lambda norm: ConvNormReLU(UpsampleConv2d(3, 2), norm(2)),
}


@pytest.mark.parametrize("make", BLOCKS.values(), ids=BLOCKS)
def test_frozen_equals_layer_by_layer(make):
    block = drawn(make)
    x = images().requires_grad_()
    expected = block(x)
    assert 0.1 < (expected > 0).double().mean() < 0.9  # ReLU does something
    with frozen(block):
        result = block(x)
    torch.testing.assert_close(result, expected)
    upstream = torch.randn_like(expected)
    torch.testing.assert_close(
        torch.autograd.grad(result, x, upstream), torch.autograd.grad(expected, x, upstream)
    )


@pytest.mark.parametrize("make", BLOCKS.values(), ids=BLOCKS)
@pytest.mark.parametrize("count", [1, 4])
def test_one_pass_equals_layer_by_layer(make, count):
    block = drawn(make).float()
    x = images()[:count].float().contiguous(memory_format=torch.channels_last)
    expected = block(x).detach()
    with frozen(block), torch.inference_mode():
        result = block(x)
    torch.testing.assert_close(result, expected, rtol=1e-5, atol=1e-4)


@pytest.mark.skipif(not conv_norm_relu.HAS_FUSED, reason="oneDNN is not asked on this processor")
def test_it_is_one_pass_where_nothing_is_recorded():
    block = drawn(BLOCKS["double"]).float()
    x = images().float()
    with frozen(block), torch.profiler.profile() as profile, torch.inference_mode():
        block(x)
    names = {event.key for event in profile.key_averages()}
    assert "mkldnn::_convolution_transpose_pointwise" in names
    assert "aten::relu_" not in names


def test_the_weights_of_the_moment_are_frozen():
    block = drawn(BLOCKS["halve"])
    x = images()
    with frozen(block):
        before = block(x)
        nn.init.zeros_(block[1].weight)
        assert torch.equal(block(x), before)
    with frozen(block):
        after = block(x)
    torch.testing.assert_close(after, block(x))
    assert not torch.allclose(after, before)


def test_a_score_may_normalize_by_the_batch_all_the_same():
    block = drawn(BLOCKS["halve"])
    x = images()
    with frozen(block):
        result = block.train()(x)
    normal = nn.functional.batch_norm(
        block[0](x), None, None, block[1].weight, block[1].bias, training=True
    )
    torch.testing.assert_close(result, normal.relu())


def test_it_thaws_where_scoring_breaks_off():
    block = drawn(BLOCKS["double"])
    with pytest.raises(KeyError), frozen(block):
        raise KeyError
    assert [layer.frozen for layer in (block, block[0])] == [None, None]


@pytest.mark.parametrize("make", BLOCKS.values(), ids=BLOCKS)
def test_training_normalizes_by_the_batch_and_counts_it(make):
    block = drawn(make).train()
    before = block[1].running_mean.clone()
    convolved = block[0](images())
    result = block(images())
    normal = nn.functional.batch_norm(
        convolved, None, None, block[1].weight, block[1].bias, training=True
    )
    torch.testing.assert_close(result, normal.relu())
    expected = 0.9 * before + 0.1 * convolved.mean((0, 2, 3))
    torch.testing.assert_close(block[1].running_mean, expected)


class Shift(nn.BatchNorm2d):
    """A norm of its own kind."""

    def forward(self, x):
        return x + 1


def test_another_norm_is_asked():
    block = drawn(BLOCKS["halve"], Shift)
    with frozen(block):
        result = block(images())
    torch.testing.assert_close(result, (block[0](images()) + 1).relu())
