"""Reflection padding against PyTorch's, forwards and backwards, in float64."""

import pytest
import torch
from mia_recon.networks.fast import reflect_pad
from torch.nn import functional as F


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize(("height", "width"), [(2, 2), (3, 3), (2, 5), (3, 4), (7, 9)])
def test_padding_and_gradient_are_pytorchs(height, width, layout):
    random = torch.Generator().manual_seed(0)
    x = torch.randn(2, 3, height, width, dtype=torch.float64, generator=random)
    x = x.to(memory_format=layout).requires_grad_()
    padded, expected = reflect_pad(x), F.pad(x, (1, 1, 1, 1), mode="reflect")
    assert torch.equal(padded, expected)
    assert padded.stride() == expected.stride()
    weights = torch.randn(expected.shape, dtype=torch.float64, generator=random)
    ours, theirs = (
        torch.autograd.grad((y * weights.to(memory_format=layout)).sum(), x)[0]
        for y in (padded, expected)
    )
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-14)
    assert ours.is_contiguous(memory_format=layout)


def test_the_gradient_has_a_gradient_and_leaves_what_it_is_given():
    x = torch.rand(1, 2, 3, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(reflect_pad, x)
    given = torch.rand(1, 2, 5, 6, dtype=torch.float64)
    before = given.clone()
    reflect_pad(x).backward(given)
    assert torch.equal(given, before)


def test_an_image_of_one_pixel_has_nothing_to_mirror():
    with pytest.raises(RuntimeError, match=r"[Pp]adding"):
        reflect_pad(torch.zeros(1, 1, 1, 1))
