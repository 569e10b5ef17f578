"""Each image's own gradient, out of one batch."""

from __future__ import annotations

import torch
from mia_recon.losses.gradient import input_gradient, per_image


def test_the_gradient_is_the_closed_form(x):
    weight = torch.linspace(-1, 1, x[0].numel()).view_as(x[0])
    got = input_gradient(lambda x: per_image((x * weight).square()), x)
    torch.testing.assert_close(got, 2 * x * weight**2 / weight.numel())


def test_a_batch_does_not_change_an_image_s_gradient(small, x):
    network = small("ae").network.eval()

    def loss(x):
        return per_image((x - network(x)).square())

    single = torch.cat([input_gradient(loss, image[None]) for image in x])
    torch.testing.assert_close(input_gradient(loss, x), single, rtol=1e-4, atol=1e-9)
    assert all(parameter.grad is None for parameter in network.parameters())


def test_it_works_where_gradients_are_off(x):
    with torch.no_grad():
        got = input_gradient(lambda x: per_image(x.square()), x)
    torch.testing.assert_close(got, 2 * x / x[0].numel())
